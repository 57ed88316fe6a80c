"""Notices that were encrypted when they were written, so that not even a queue holds what they say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mailman.config import config
from public import public

from mailman_pgp.delivery import ledger
from mailman_pgp.delivery.attempt import attempt
from mailman_pgp.delivery.lookup import look_up
from mailman_pgp.delivery.notes import entry_name, record_unreached, send_envelopes
from mailman_pgp.delivery.smtp import Envelope
from mailman_pgp.delivery.transport import Refusals, verp_sender
from mailman_pgp.mime import Structure, examine, is_outer_message, whole_message
from mailman_pgp.notices.bundle import Bundle
from mailman_pgp.posts.sealed import SealedError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mailman_pgp.delivery.progress import Beginning, Progress
    from mailman_pgp.posts.record import Record

# As the ledger has it: another certificate counts for them.
_REPLACED = "replaced"


@public
def deliver_encrypted(mlist: Any, msg: Any, msgdata: dict[str, Any], record: Record) -> None:
    """Send a notice that was encrypted when it was written, to its one reader, as it is; or each of a `Bundle` to its own.

    It may have waited for long.  What is for a certificate that counts leaves at no attempt where that counts no more.
    """
    notices = _encrypted_ones(msg, msgdata["recipients"])
    sender = verp_sender(mlist)

    def make(progress: Progress, _beginning: Beginning) -> Refusals:
        done = progress.done()
        left = [address for address in msgdata["recipients"] if address.lower() not in done]
        unreached = _counting_no_more(mlist, left, record.reader) if record.reader else {}
        config.db.commit()
        refusals = send_envelopes(
            [
                Envelope(sender=sender(address), recipient=address, parts=(notices[address],))
                for address in left
                if address not in unreached
            ],
            progress,
        )
        refusals.settle(msgdata)
        ledger.lost(mlist.list_id, "notice", {one: why for one, why in unreached.items() if why == _REPLACED})
        record_unreached(mlist, {one: why for one, why in unreached.items() if why != _REPLACED}, refusals)
        progress.mark(unreached)
        msgdata["recipients"] = refusals.temporary
        return refusals

    attempt(entry_name(mlist, msg, msgdata), msg, msgdata, make)


def _encrypted_ones(msg: Any, recipients: Sequence[str]) -> dict[str, bytes]:
    """The notice for each of the recipients.

    :raises SealedError: when one of them is not encrypted, or there is none.
    """
    if isinstance(msg, Bundle):
        notices = msg.notices
        fit = notices.keys() >= set(recipients) and all(map(is_outer_message, notices.values()))
    else:
        notices = dict.fromkeys(recipients, whole_message(msg))
        written = examine(msg)
        fit = written.structure is Structure.ENCRYPTED and not written.repaired  # repairs are for what comes in
    if not fit:
        raise SealedError(
            "A notice that should be encrypted, and is not, was about to leave. It is kept in the shunt queue."
        )
    return notices


def _counting_no_more(mlist: Any, addresses: Sequence[str], fingerprint: str) -> dict[str, str]:
    """For whom a certificate does not count any more, and why."""
    found = look_up(mlist.list_id, addresses)
    replaced = {one.address: _REPLACED for one in found.recipients if one.fingerprint != fingerprint}
    return {**found.problems, **replaced}
