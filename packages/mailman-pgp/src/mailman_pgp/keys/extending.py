"""The key of a list lives longer, and stays the same key.

Members learn it as they learnt the key: each copy of a post has the certificate in its Autocrypt field, and each notice as a file; their
programs take the newer signatures.  Who has published it puts the newer one there.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from public import public

from mailman_pgp import openpgp
from mailman_pgp.keys import vault
from mailman_pgp.model.database import now

if TYPE_CHECKING:
    from mailman_pgp.keys.vault import ListCertificate

#: For how many years at once.
MOST_YEARS = 10
DEFAULT_YEARS = 3
_YEAR = timedelta(days=365)


@public
def extend(list_id: str, years: int = DEFAULT_YEARS) -> ListCertificate:
    """Let a list's current key live for some years from now on, also when it has expired; the caller commits.

    :return: What it was before.
    :raises mailman_pgp.keys.vault.VaultError: when the list has none, or it lives longer already.
    :raises mailman_pgp.openpgp.ListKeyError: when it can't be done with this key: it is revoked, say.
    """
    before = vault.certificate(list_id)
    until = (now() + years * _YEAR).replace(microsecond=0)
    if before.expires is None or before.expires >= until:
        ends = "never expires" if before.expires is None else f"lives until {before.expires:%Y-%m-%d}"
        raise vault.VaultError(
            f"The key of {list_id} {ends} already, so nothing was changed. It can't be made to end earlier."
        )
    secret, made = openpgp.extend(vault.current_secret(list_id), until)
    vault.renew(before, secret, made)
    return before
