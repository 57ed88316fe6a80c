"""A chunk of a post, on its way to each of its recipients.

One signature and one encryption of the body serve the whole chunk; the cut gives each recipient a message that reveals
nobody else.  The fan-out runs ahead of SMTP by no more than its window, so memory stays flat.

A kill repeats at most one copy: the one that the mail server has and whose mark is not written yet.  No other copy leaves
before that.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from mailman.config import config
from public import public

from mailman_pgp.delivery import interruption, ledger
from mailman_pgp.delivery.attempt import attempt
from mailman_pgp.delivery.lookup import Lookup, look_up
from mailman_pgp.delivery.progress import Beginning
from mailman_pgp.delivery.smtp import Envelope
from mailman_pgp.delivery.transport import NOBODY, Lost, Refusals, pipe, send_until_asked, verp_sender
from mailman_pgp.keys import vault
from mailman_pgp.model.missed import Miss, Why
from mailman_pgp.notices.refusing import refuse_afterwards
from mailman_pgp.notices.unsent import send_missed, send_skipped, send_undelivered
from mailman_pgp.openpgp import FanOutError, ListSecretKey, OpenPGPError, Recipient, fan_out
from mailman_pgp.posts.record import Earlier

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from mailman_pgp.delivery.progress import Progress
    from mailman_pgp.delivery.smtp import Pipe
    from mailman_pgp.openpgp import Copy
    from mailman_pgp.posts.record import Record
    from mailman_pgp.posts.sealed import SealedDelivery

log = logging.getLogger("mailman.smtp")


@dataclass(frozen=True, slots=True, repr=False)
class _Chunk:
    """One chunk that this process has taken.

    What is needed of the list while copies are sent is read before: with each commit the database forgets all that core
    has read of it, and a look at the smallest thing is a query for a hundred columns.
    """

    mlist: Any
    list_id: str
    sender: Callable[[str], str]
    msg: SealedDelivery
    record: Record
    progress: Progress


@public
def deliver(mlist: Any, msg: SealedDelivery, msgdata: dict[str, Any], record: Record) -> None:
    """Send the copies of one chunk.  See `mailman_pgp.delivery.deliver`.

    When recipients are left, `msgdata` describes the next attempt for them.

    :raises mailman_pgp.delivery.interruption.Interrupted:
    """

    def make(progress: Progress, beginning: Beginning) -> Refusals:
        chunk = _Chunk(mlist, mlist.list_id, verp_sender(mlist), msg, record, progress)
        return _attempt(chunk, msgdata, beginning)

    attempt(record.chunk, msg, msgdata, make)


def _attempt(chunk: _Chunk, msgdata: dict[str, Any], beginning: Beginning) -> Refusals:
    list_id, record, progress = chunk.list_id, chunk.record, chunk.progress
    outer = record.outer
    assert outer is not None
    config.db.commit()  # what another slice has recorded is seen from here on
    known = ledger.known(record.chunk)
    if known.complete and beginning is Beginning.FRESH:
        log.info("%s: a chunk that was sent already came a second time", outer.message_id)
        return Refusals()

    done = progress.done()
    tried = [address for address in msgdata["recipients"] if address.lower() not in done]
    found = _without_author(record, look_up(list_id, tried))
    skips = dict(found.problems)
    unsent = len(tried) - len(found.recipients) - len(skips)
    refusals = Refusals()
    _serve(chunk, found, skips, refusals)
    refusals.settle(msgdata)
    progress.keep()

    done = progress.done()
    before = record.earlier or Earlier(len(msgdata["recipients"]) - unsent)
    if known.attempts <= record.attempt:  # else the last process has recorded them, just before it was killed
        for address in ledger.skipped(list_id, skips):
            send_skipped(chunk.mlist, address, skips[address])
        _record_lost(chunk, refusals)
    refused = before.refused + len(refusals.permanent) + len(refusals.lost)
    ledger.served(list_id, done)
    ledger.delivered(
        list_id,
        outer.message_id,
        chunk=record.chunk,
        attempts=record.attempt + 1,
        recipients=before.recipients,
        copies=len(done),
        skipped=before.skipped + len(skips),
        refused=refused,
        waiting=len(refusals.temporary),
        tried={address.lower() for address in msgdata["recipients"]},
        missed=_missed(record, skips, refusals),
    )
    config.db.commit()
    earlier = Earlier(before.recipients, skipped=before.skipped + len(skips), refused=refused)
    replace(record, attempt=record.attempt + 1, earlier=earlier, delivered=0, digests=()).put(msgdata)
    msgdata["recipients"] = refusals.temporary
    return refusals


def _without_author(record: Record, found: Lookup) -> Lookup:
    """Leave out an author who wants no copy of their own, where one could be made.

    To whom none could be made is recorded as all others are: else who is missing there for one post is known to have written it.
    """
    return found.without(record.author) if record.unsent else found


def _missed(record: Record, skips: dict[str, str], refusals: Refusals) -> dict[str, Miss]:
    """Who has no copy after this attempt, by address in lower case."""
    digests = dict.fromkeys(record.digests, Miss(Why.DIGESTS))
    skipped = {address.lower(): Miss(reason) for address, reason in skips.items()}
    return {**digests, **skipped, **refusals.missed()}


def _record_lost(chunk: _Chunk, refusals: Refusals) -> None:
    """Record who does not get the post, and tell whom it concerns."""
    ledger.lost(chunk.list_id, ledger.COPY, refusals.lost)
    if Lost.TOO_LARGE in refusals.lost.values():
        refuse_afterwards(chunk.mlist, chunk.record, Lost.TOO_LARGE)
        send_undelivered(chunk.mlist, Lost.TOO_LARGE)
    given_up = {address: str(reason) for address, reason in refusals.lost.items() if reason is Lost.GIVEN_UP}
    # As with those who are skipped: when it begins, and then once a week.
    if to_tell := ledger.skipped(chunk.list_id, given_up):
        for address in to_tell:
            send_missed(chunk.mlist, address)
        send_undelivered(chunk.mlist, Lost.GIVEN_UP)


def _serve(chunk: _Chunk, found: Lookup, skips: dict[str, str], refusals: Refusals) -> None:
    """Send and mark; `skips` grows by those that can't be encrypted to after all."""
    if not found.recipients:
        return
    payload = chunk.msg.unseal(chunk.list_id, chunk.record).entity
    signer = ListSecretKey(vault.current_secret(chunk.list_id))
    # What we need of the database is read; nothing stays open while we talk to the mail server.
    config.db.commit()
    connection = pipe()
    lost = connection.open()
    if lost is not None:  # nothing is encrypted in vain
        refusals.add_lost((recipient.address for recipient in found.recipients), lost)
        return
    try:
        _send(chunk, connection, _copies(payload, found, signer, skips), refusals)
    finally:
        connection.close()


def _copies(payload: bytes, found: Lookup, signer: ListSecretKey, skips: dict[str, str]) -> Iterator[Copy]:
    """The copies for all recipients that can be encrypted to; `skips` grows by those that can't after all.

    :raises OpenPGPError: when nothing can be encrypted to anybody.
    """
    recipients: Sequence[Recipient] = found.recipients
    while recipients:
        try:
            return fan_out(payload, recipients, signer)
        except FanOutError as error:
            # Nothing was sent yet.  One certificate must not keep the post from everybody else.
            refused = set(error.addresses)
            skips.update(dict.fromkeys(refused, "refused-by-library"))
            recipients = [recipient for recipient in recipients if recipient.address not in refused]
    # All were judged usable when they were looked up.  A clock that is wrong is likelier than that all have died since, and
    # a post that nobody gets is lost.
    raise OpenPGPError(NOBODY)


def _send(chunk: _Chunk, connection: Pipe, copies: Iterator[Copy], refusals: Refusals) -> None:
    """Send copies as they are made, and mark each as soon as its answer is there."""
    outer = chunk.record.outer
    assert outer is not None
    head, foot = outer.head.encode("latin-1"), outer.foot.encode("latin-1")
    envelopes = (
        Envelope(sender=chunk.sender(copy.address), recipient=copy.address, parts=(head, copy.head, copy.tail, foot))
        for copy in copies
    )
    if not send_until_asked(connection, envelopes, chunk.progress, refusals):
        raise interruption.Interrupted
