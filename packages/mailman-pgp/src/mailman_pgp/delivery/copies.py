"""A chunk of a post, on its way to each of its recipients.

One signature and one encryption of the body serve the whole chunk; the cut gives each recipient a message that reveals
nobody else.  The fan-out runs ahead of SMTP by no more than its window, so memory stays flat.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mailman.config import config
from public import public

from mailman_pgp.delivery import chunks, ledger
from mailman_pgp.delivery.lookup import Lookup, look_up
from mailman_pgp.delivery.smtp import Envelope, Outcome
from mailman_pgp.delivery.transport import Refusals, pipe, verp_sender
from mailman_pgp.keys import vault
from mailman_pgp.notices import send_skipped
from mailman_pgp.openpgp import FanOutError, ListSecretKey, Recipient, fan_out

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mailman_pgp.delivery.progress import Progress
    from mailman_pgp.openpgp import Copy
    from mailman_pgp.posts.record import Record
    from mailman_pgp.posts.sealed import SealedDelivery

# How many copies are marked as delivered in one write; a kill repeats at most these and the pipelining window.
_MARK_EVERY = 16


@public
def deliver(mlist: Any, msg: SealedDelivery, msgdata: dict[str, Any], record: Record) -> None:
    """Send the copies of one chunk.  See `mailman_pgp.delivery.deliver`."""
    progress = chunks.progress(record.chunk)
    done = progress.done()
    addresses = [address for address in msgdata["recipients"] if address.lower() not in done]
    payload = msg.unseal().entity
    signer = ListSecretKey(vault.current_secret(mlist.list_id))
    found = look_up(mlist.list_id, addresses)
    skips = dict(found.problems)
    # What we need of the database is read; nothing stays open while we talk to the mail server.
    config.db.commit()

    refusals = Refusals()
    delivered = _send(mlist, record, progress, _copies(payload, found, signer, skips), refusals)
    chunks.finished(progress)

    for address in ledger.skipped(mlist, skips):
        send_skipped(mlist, address, skips[address])
    ledger.served(mlist.list_id, delivered)
    ledger.delivered(
        mlist.list_id,
        str(msg["message-id"] or ""),
        recipients=len(addresses),
        copies=len(delivered),
        skipped=len(skips),
        failed=len(refusals),
    )
    config.db.commit()
    refusals.raise_if_any()


def _copies(payload: bytes, found: Lookup, signer: ListSecretKey, skips: dict[str, str]) -> Iterator[Copy]:
    """The copies for all recipients that can be encrypted to; `skips` grows by those that can't after all."""
    recipients: Sequence[Recipient] = found.recipients
    while recipients:
        try:
            return fan_out(payload, recipients, signer)
        except FanOutError as error:
            # Nothing was sent yet.  One certificate must not keep the post from everybody else.
            refused = set(error.addresses)
            skips.update(dict.fromkeys(refused, "refused-by-library"))
            recipients = [recipient for recipient in recipients if recipient.address not in refused]
    return iter(())


def _send(mlist: Any, record: Record, progress: Progress, copies: Iterator[Copy], refusals: Refusals) -> list[str]:
    """Send copies as they are made; returns the addresses that have theirs."""
    assert record.outer is not None
    head, foot = record.outer.head.encode("latin-1"), record.outer.foot.encode("latin-1")
    sender = verp_sender(mlist)
    envelopes = (
        Envelope(sender=sender(copy.address), recipient=copy.address, parts=(head, copy.head, copy.tail, foot))
        for copy in copies
    )
    delivered: list[str] = []
    unmarked: list[str] = []
    for result in pipe().send(envelopes):
        if result.outcome is Outcome.DELIVERED:
            unmarked.append(result.recipient)
            if len(unmarked) >= _MARK_EVERY:
                progress.mark(unmarked)
                delivered += unmarked
                unmarked = []
        else:
            refusals.add(result)
    if unmarked:
        progress.mark(unmarked)
        delivered += unmarked
    return delivered
