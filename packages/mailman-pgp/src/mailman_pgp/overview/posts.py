"""What became of posts: how many got each, and who did not, as far as that is known.

The ledger counts copies by chunk, and keeps for each person since when, and for what reason, they have got nothing: not for each post
who was left out of it.  So those are known who have got nothing since then, and the others are a number.  Mail to the owners
is delivered as posts are, and is among them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from public import public
from sqlalchemy import case, func, select

from mailman_pgp.model.database import store
from mailman_pgp.model.tables import Delivery, Skipped

if TYPE_CHECKING:
    import datetime as dt

    from sqlalchemy import Select

# They were left out before there were chunks, and count in none.
_BEFORE_CHUNKS = "digest-mode"


@public
@dataclass(frozen=True, slots=True)
class Post:
    """What became of a post so far.

    :ivar first: When the first chunk was tried last, `at` when the last one was (naive UTC).
    :ivar recipients: How many were to get it.
    :ivar skipped: How many it could not be encrypted to.
    :ivar failed: How many will not get it, since the mail server refused it, in chunks that are done with.
    :ivar tried_again: In the others: how many are tried again; some of them may have been refused for good already.
    """

    message_id: str
    first: dt.datetime
    at: dt.datetime
    recipients: int
    delivered: int
    skipped: int
    failed: int
    tried_again: int
    attempts: int


@public
@dataclass(frozen=True, slots=True)
class Missed:
    """Somebody who has got nothing since a time (naive UTC); `reason` as in `mailman_pgp.overview.reasons.missed`."""

    address: str
    reason: str
    since: dt.datetime


@public
def total(list_id: str) -> int:
    """How many posts are known of a list: those of the last weeks."""
    query = select(func.count(func.distinct(Delivery.message_id))).where(Delivery.list_id == list_id)
    return int(store().scalar(query) or 0)


@public
def latest(list_id: str, *, limit: int, offset: int) -> list[Post]:
    """The posts to a list, the latest first, without the `offset` latest ones."""
    at = func.max(Delivery.at)
    query = _posts(list_id).order_by(at.desc(), Delivery.message_id).limit(limit).offset(offset)
    return [_post(row) for row in store().execute(query)]


@public
def find(list_id: str, message_id: str) -> Post | None:
    """The post with this Message-ID, as the copies have it outside."""
    row = store().execute(_posts(list_id).where(Delivery.message_id == message_id)).first()
    return None if row is None else _post(row)


@public
def missed(list_id: str, post: Post) -> list[Missed]:
    """Those who did not get a post and have got nothing since, by address; with the reason for which they still don't.

    Whoever is served again is forgotten, so a row that is older than the post is somebody who did not get it: also who has switched
    delivery off since then.  An author who is sent no posts of their own must not be the only one who is missing here.
    """
    query = select(Skipped.address, Skipped.reason, Skipped.since).where(
        Skipped.list_id == list_id,
        Skipped.posts > 0,  # else they have missed notices
        # Of a post that is still tried some have a copy for long, who may have been left out of a later one.
        Skipped.since <= (post.at if post.attempts == 1 else post.first),
    )
    return [Missed(*row) for row in store().execute(query.order_by(Skipped.address))]


@public
def unknown(post: Post, known: list[Missed]) -> int:
    """How many more did not get it, of whom nothing is known."""
    counted = sum(one.reason != _BEFORE_CHUNKS for one in known)
    return max(0, post.skipped + post.failed + post.tried_again - counted)


def _posts(list_id: str) -> Select[Any]:
    done = case((Delivery.complete, Delivery.failed), else_=0)
    return (
        select(
            Delivery.message_id,
            func.min(Delivery.at).label("first"),
            func.max(Delivery.at).label("at"),
            func.sum(Delivery.recipients).label("recipients"),
            func.sum(Delivery.delivered).label("delivered"),
            func.sum(Delivery.skipped).label("skipped"),
            func.sum(done).label("failed"),
            func.sum(Delivery.failed - done).label("tried_again"),
            func.max(Delivery.attempts).label("attempts"),
        )
        .where(Delivery.list_id == list_id)
        .group_by(Delivery.message_id)
    )


def _post(row: Any) -> Post:
    numbers = (row.recipients, row.delivered, row.skipped, row.failed, row.tried_again, row.attempts)
    return Post(row.message_id, row.first, row.at, *map(int, numbers))
