"""One key of a list follows another: both open mail for a while, and then the former one ends by itself.

Its certificate says when, so programs that have it turn to the new one, which it has certified.  So whoever trusts the one can
trust the other.  Members are told, by a message that the former key has signed (`mailman_pgp.notices.succession`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from public import public

from mailman_pgp import openpgp
from mailman_pgp.keys import vault
from mailman_pgp.model.database import now

if TYPE_CHECKING:
    import datetime as dt

    from mailman_pgp.keys.vault import ListCertificate
    from mailman_pgp.openpgp import NewListKey

#: For how many days both open mail.
DEFAULT_OVERLAP_DAYS = 30
MOST_OVERLAP_DAYS = 365


@public
@dataclass(frozen=True, slots=True)
class Succession:
    """What has followed what.

    :ivar before: The former key, as it was.
    :ivar until: Until when it opens mail (naive UTC); None when it does so no more, since it was revoked.
    """

    before: ListCertificate
    until: dt.datetime | None


@public
def succeed(list_id: str, new: NewListKey, overlap_days: int = DEFAULT_OVERLAP_DAYS) -> Succession:
    """Let a new key follow a list's current one; the caller commits.

    A key that was revoked ends at once, and vouches for nothing.

    :raises mailman_pgp.keys.vault.VaultError: when the list has no key, it can't be opened, or the new one is stored already.
    :raises mailman_pgp.openpgp.ListKeyError: when the current key can't say what it has to.
    """
    before = vault.certificate(list_id)
    if before.revoked:
        vault.succeed(before, new, until=now())
        return Succession(before, None)
    until = (now() + timedelta(days=overlap_days)).replace(microsecond=0)
    # Also one that has expired lives again so long: nobody takes the word of a dead key.
    secret, made = openpgp.extend(vault.current_secret(list_id), until)
    vouched = openpgp.vouch(secret, new.certificate.data)
    vault.succeed(before, new, until=until, last=(secret, made), vouched=vouched)
    return Succession(before, until)
