"""A post on its way into the archive: encrypted once more, to those who are to read it there, and written.

Nothing of this keeps a post from its members.  What could not be archived is told to the owners, and stands in the error log.
"""

from __future__ import annotations

import hashlib
import logging
import secrets
from typing import TYPE_CHECKING, Any

from public import public

from mailman_pgp.archiving import switches
from mailman_pgp.archiving.archivers import EncryptedPost
from mailman_pgp.archiving.readers import described, readers
from mailman_pgp.delivery import ledger
from mailman_pgp.delivery.ledger import Answered
from mailman_pgp.i18n import N_, Text
from mailman_pgp.keys import vault
from mailman_pgp.notices.sending import send_template
from mailman_pgp.openpgp import FanOutError, ListSecretKey, OpenPGPError, encrypt_once
from mailman_pgp.posts.record import Kind

if TYPE_CHECKING:
    from mailman_pgp.posts.composition import Composed
    from mailman_pgp.posts.record import Record

log = logging.getLogger("mailman.error")

_DISK = N_(
    "It could not be written: {reason}. Ask who runs this site to see that the disk has room and Mailman may write there."
)
_READERS = N_(
    "Nothing can be encrypted to some of the certificates of the archive, or to all of them. Add newer copies "
    "by `mailman pgp archive add`."
)
_SOMEHOW = N_("It could not be encrypted. Mailman's error log says more.")


@public
def archive(mlist: Any, record: Record, composed: Composed) -> None:
    """Put a post into each archive that its list has switched on; never fails."""
    if record.kind is not Kind.POST:
        return
    try:
        chosen = switches.switched_on(mlist)
        if not chosen:
            return
        post = _encrypted(mlist, record, composed)
        if post is None:
            return
        for archiver in chosen:
            archiver.archive_message(mlist, post)
    except OSError as error:
        _tell(mlist, Text(_DISK, reason=error.strerror or type(error).__name__), error.strerror or type(error).__name__)
    except (OpenPGPError, vault.VaultError) as error:
        _tell(mlist, Text(_SOMEHOW), str(error))


def _encrypted(mlist: Any, record: Record, composed: Composed) -> EncryptedPost | None:
    """The message that is archived: what members receive, encrypted to others; None when it can't be encrypted to anybody."""
    found = readers(mlist.list_id)
    recipients, problems = list(found.recipients), dict(found.problems)
    signer = ListSecretKey(vault.current_secret(mlist.list_id))
    armored = None
    while recipients and armored is None:
        try:
            armored = encrypt_once(composed.payload, recipients, signer)
        except FanOutError as error:
            problems.update(dict.fromkeys(error.addresses, "refused-by-library"))
            recipients = [one for one in recipients if one.address not in problems]
    if problems:
        _tell(mlist, Text(_READERS), f"nothing can be encrypted to {', '.join(described(problems))}")
    if armored is None:
        return None
    outer = composed.outer
    message = outer.head.encode("latin-1") + armored + outer.foot.encode("latin-1")
    return EncryptedPost(_name(mlist.list_id, record.claim), message.replace(b"\r\n", b"\n"))


def _name(list_id: str, claim: str) -> str:
    return hashlib.sha256("\0".join((list_id, claim or secrets.token_hex(16), "archive")).encode()).hexdigest()[:32]


def _tell(mlist: Any, reason: Text, cause: str) -> None:
    """Tell the owners once a day at most, and the operator each time."""
    log.error("%s: a post was not archived as it should be: %s", mlist.fqdn_listname, cause)
    owners = mlist.owner_address
    ledger.dropped(mlist.list_id, kind="archive", recipient=owners, reason="not-archived")
    if not ledger.answers_within_a_day(mlist.list_id, owners, Answered.UNARCHIVED):
        ledger.answered(mlist.list_id, owners, Answered.UNARCHIVED)
        try:
            send_template(mlist, owners, "unarchived", None, reason=reason)
        except OSError as error:
            # A disk without room for that either.
            log.error("%s: the owners could not be told of it: %s", mlist.fqdn_listname, error.strerror)  # noqa: TRY400
