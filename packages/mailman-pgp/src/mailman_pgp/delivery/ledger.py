"""What was sent, what was not, and why: nothing is lost without a trace.

Rows name addresses and reasons, never a subject or a word of content.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from hashlib import sha256
from types import MappingProxyType
from typing import TYPE_CHECKING

from public import public
from sqlalchemy import bindparam, delete, func, insert, select

from mailman_pgp.events.skipping import notify_of_skipped
from mailman_pgp.model import missed as missing
from mailman_pgp.model.database import now, store
from mailman_pgp.model.tables import Answer, Delivery, Dropped, Skipped

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Collection, Mapping

    from mailman_pgp.model.missed import Miss

# A member who gets nothing is told when it begins, when the reason changes, and then once a week.
_TELL_AGAIN = timedelta(days=7)
_A_DAY = timedelta(days=1)
# The kind of a copy of a post.
COPY = "copy"
# Rows are for the owners' questions of the last weeks.
KEPT = timedelta(days=90)
_NOBODY: Mapping[str, Miss] = MappingProxyType({})


@public
def dropped(list_id: str, *, kind: str, recipient: str, reason: str) -> None:
    """Record a mail that was refused or not sent.  The caller's transaction commits it."""
    store().add(Dropped(list_id=list_id, at=now(), kind=kind, recipient=recipient.lower(), reason=str(reason)))


@public
def lost(list_id: str, kind: str, reasons: Mapping[str, str]) -> None:
    """Record who does not get what was meant for them, from the address to the reason.  The caller commits."""
    at = now()
    rows = [
        {"list_id": list_id, "at": at, "kind": kind, "recipient": address.lower(), "reason": str(reason)}
        for address, reason in reasons.items()
    ]
    if rows:
        store().execute(insert(Dropped), rows)


@public
class Answered(StrEnum):
    """What an answer was sent to; each is counted apart."""

    UNPROVEN = "unproven"  # mail that anybody may have sent in the name of its author
    PROVEN = "proven"  # mail whose signature shows that its author sent it
    UNREAD = "unread"  # mail to the owners, of whom this one could not be sent it
    UNARCHIVED = "unarchived"  # a post that is not in the archive
    SUMMARY = "summary"  # what did not arrive in a week
    TEST = "test"  # an owner who wants to see whether posts reach them


@public
def answered(list_id: str, address: str, kind: Answered) -> None:
    """Record that a person was sent an answer.  The caller's transaction commits it."""
    store().add(Answer(list_id=list_id, address=address.lower(), at=now(), kind=str(kind)))


@public
def answers_within_a_day(list_id: str, address: str, kind: Answered) -> int:
    """How many answers of a kind an address was sent within a day."""
    counted = select(func.count()).where(
        Answer.list_id == list_id,
        Answer.address == address.lower(),
        Answer.kind == kind,
        Answer.at > now() - _A_DAY,
    )
    return int(store().scalar(counted) or 0)


@public
def was_answered_since(list_id: str, address: str, kind: Answered, since: dt.datetime) -> bool:
    """Whether a person was sent an answer of a kind after a time (naive UTC), up to now: a clock that was ahead keeps nothing back."""
    found = select(Answer.id).where(
        Answer.list_id == list_id,
        Answer.address == address.lower(),
        Answer.kind == kind,
        Answer.at > since,
        Answer.at <= now(),
    )
    return store().scalar(found.limit(1)) is not None


@public
def sent_copy(list_id: str, address: str, post: str) -> None:
    """Record that a held post, by what it is kept as, was sent to somebody who looks after a list.  The caller commits."""
    store().add(Answer(list_id=list_id, address=address.lower(), at=now(), kind=_copy_of(post)))


@public
def last_copy(list_id: str, address: str, post: str) -> timedelta | None:
    """How long ago that was; None for not within a day."""
    at = now()
    found = select(func.max(Answer.at)).where(
        Answer.list_id == list_id,
        Answer.address == address.lower(),
        Answer.kind == _copy_of(post),
        Answer.at > at - _A_DAY,
        Answer.at <= at,  # a clock that was ahead keeps nobody from reading
    )
    last = store().scalar(found)
    return None if last is None else at - last


def _copy_of(post: str) -> str:
    return f"copy {sha256(post.encode()).hexdigest()[:32]}"  # what it is kept as may be long


@public
def skipped(list_id: str, reasons: Mapping[str, str], *, posts: int = 1) -> list[str]:
    """Record the members who did not get a post.

    :param reasons: From the address to the reason, a value of `CertificateProblem` or a word of ours.
    :param posts: How many posts it was: none, where it was a notice to them.  Of those no subscriber to events is told: some
        answer posts, and would say who has written.
    :return: Those who are to be told now.
    """
    if not reasons:
        return []
    session, at = store(), now()
    known = {
        row.address: row
        for row in session.scalars(
            select(Skipped).where(Skipped.list_id == list_id, Skipped.address.in_(list(reasons)))
        )
    }
    to_tell, begun = [], {}
    for address, reason in reasons.items():
        row = known.get(address)
        if row is None:
            row = Skipped(list_id=list_id, address=address, reason=reason, since=at, last=at, posts=0, told_at=None)
            session.add(row)
        elif row.reason != reason:
            row.reason, row.since, row.posts, row.told_at = reason, at, 0, None
        if posts and not row.posts:
            begun[address] = reason
        row.last = at
        row.posts += posts
        if row.told_at is None or row.told_at < at - _TELL_AGAIN:
            row.told_at = at
            to_tell.append(address)
    notify_of_skipped(list_id, begun)
    return to_tell


_WAITING = select(Skipped.address).where(Skipped.list_id == bindparam("list_id"))


@public
def served(list_id: str, addresses: Collection[str]) -> None:
    """Forget that members were skipped, now that they got a post."""
    waiting = store().scalars(_WAITING, {"list_id": list_id}).all()
    back = set(waiting).intersection(addresses)
    if back:
        store().execute(delete(Skipped).where(Skipped.list_id == list_id, Skipped.address.in_(back)))


@public
def delivered(
    list_id: str,
    message_id: str,
    *,
    chunk: str,
    attempts: int = 1,
    recipients: int,
    copies: int,
    skipped: int,
    refused: int = 0,
    waiting: int = 0,
    tried: Collection[str] = (),
    missed: Mapping[str, Miss] = _NOBODY,
) -> None:
    """Record what became of a chunk of a post so far: one row, however often it is tried or repeated.

    :param attempts: How often it was tried.
    :param refused: How many will not get it, since the mail server refused it for good or for too long.
    :param waiting: How many are to be tried again.
    :param tried: For whom this attempt was made, in lower case; of anybody else what was recorded stays.
    :param missed: Who has no copy after it, by address in lower case; those who are to be tried again among them.
    """
    row = store().scalar(select(Delivery).where(Delivery.chunk == chunk))
    if row is None:
        row = Delivery(list_id=list_id, message_id=message_id, chunk=chunk)
        store().add(row)
    row.at, row.attempts, row.complete = now(), attempts, not waiting
    row.recipients, row.delivered, row.skipped, row.failed = recipients, copies, skipped, refused + waiting
    row.missed = missing.after(row.missed, missed, tried=set(tried), at=row.at)


@public
@dataclass(frozen=True, slots=True)
class Known:
    """How often a chunk was tried, and whether nobody of it waits for another attempt."""

    attempts: int = 0
    complete: bool = False


_KNOWN = select(Delivery.attempts, Delivery.complete).where(Delivery.chunk == bindparam("chunk"))


@public
def known(chunk: str) -> Known:
    """What is recorded of a chunk; nothing of an attempt that did not come to its end."""
    row = store().execute(_KNOWN, {"chunk": chunk}).first()
    return Known() if row is None else Known(*row)


@public
def prune() -> None:
    """Remove rows older than `KEPT`, and answers that count no more."""
    at = now()
    for table in (Dropped, Delivery):
        store().execute(delete(table).where(table.at < at - KEPT))
    store().execute(delete(Answer).where(Answer.at < at - _A_DAY, Answer.kind != Answered.SUMMARY))
    store().execute(delete(Answer).where(Answer.at < at - KEPT))
