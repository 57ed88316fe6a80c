"""`[mta] outgoing`: default deny.

Every mail of this site passes here on its way to SMTP.  Mail of plain lists goes on to core's own delivery.  For an
encrypted list, content leaves encrypted to a certificate of the very recipient, looked up here and now, or not at all.
"""

from __future__ import annotations

from typing import Any

from mailman.config import config
from mailman.email.message import UserNotification
from mailman.mta.deliver import deliver as core_deliver
from public import public

from mailman_pgp.lists.encryption import is_encrypted
from mailman_pgp.notices.bundle import Bundle
from mailman_pgp.posts.record import Kind, Record
from mailman_pgp.posts.sealed import SealedDelivery, SealedError, SealedMessage
from mailman_pgp.site import health


@public
class DeliveryError(RuntimeError):
    """The system failed us, not the mail server.  Not an OSError: core takes those for "SMTP is down" and tries at once."""


@public
def deliver(mlist: Any, msg: Any, msgdata: dict[str, Any]) -> None:
    """See `IMailTransportAgentDelivery`.

    :raises mailman.interfaces.mta.SomeRecipientsFailed: for recipients that the mail server refused, now or for good.
    :raises SealedError: for what must not leave; core shunts it.
    :raises DeliveryError: when the disk or another part of the system fails; core shunts it.
    :raises mailman_pgp.delivery.interruption.Interrupted: when this process is to end before all is sent.
    """
    if not msgdata.get("recipients"):
        return
    # Notices in a bundle were encrypted when they were written, and leave so to the end of a list's encryption, and beyond.
    if not (isinstance(msg, Bundle) or is_encrypted(mlist.list_id)):
        if _has_sealed_part(msg):
            raise SealedError(
                "A sealed message was about to leave a list that is not encrypted. It is kept in the shunt queue."
            )
        core_deliver(mlist, msg, msgdata)
        return
    try:
        _deliver_encrypted(mlist, msg, msgdata)
    except OSError as error:
        raise DeliveryError(
            f"Mail of an encrypted list could not be sent: {error.strerror or type(error).__name__}. It is kept in the "
            "shunt queue; see that the disk has room and Mailman's user may write there, then run `mailman unshunt`."
        ) from error


def _deliver_encrypted(mlist: Any, msg: Any, msgdata: dict[str, Any]) -> None:
    if not health.current().healthy:
        # To the queue `retry`, which comes back in a quarter of an hour.  Raising OSError would be retried at once, for ever.
        config.switchboards["retry"].enqueue(msg, msgdata)
        return
    # Imported here, so that a plain list is served where an OpenPGP library can't even be loaded.
    from mailman_pgp.delivery import copies, encrypted_notes, notes  # noqa: PLC0415

    record = Record.of(msgdata)
    if isinstance(msg, SealedDelivery) and record is not None and record.chunk:
        copies.deliver(mlist, msg, msgdata, record)
    elif record is not None and record.kind is Kind.NOTICE:
        notes.deliver_own(mlist, msg, msgdata, record)
    elif record is not None and record.kind is Kind.ENCRYPTED and not _is_content(msgdata):
        encrypted_notes.deliver_encrypted(mlist, msg, msgdata, record)
    elif isinstance(msg, UserNotification) and not _is_content(msgdata):
        notes.deliver_stock(mlist, msg, msgdata)
    else:
        raise SealedError("Unsealed content was about to leave an encrypted list. It is kept in the shunt queue.")


def _is_content(msgdata: dict[str, Any]) -> bool:
    return any(msgdata.get(mark) for mark in ("to_list", "to_owner", "isdigest"))


def _has_sealed_part(msg: Any) -> bool:
    """Whether a sealed message is this one, or hangs on it; looks without recursion, and never flattens."""
    pending = [msg]
    while pending:
        part = pending.pop()
        if isinstance(part, SealedMessage):
            return True
        children = part.__dict__.get("_payload")
        if isinstance(children, list):
            pending.extend(child for child in children if hasattr(child, "__dict__"))
    return False
