"""What became of posts: how many got each, and who did not, and why.

The ledger counts copies by chunk, and names in the same row who has none (`mailman_pgp.model.missed`).  It names no more than these:
not who was sent one, nor who was not to be, having switched delivery off.  Mail to the owners is delivered as posts are, and is
among them.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from public import public
from sqlalchemy import case, func, select

from mailman_pgp.exchange.refusals import Refusal
from mailman_pgp.model.database import store
from mailman_pgp.model.missed import Missed, Why, told
from mailman_pgp.model.tables import Delivery

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping

    from sqlalchemy import Select

# They were left out before there were chunks, and count in none.
_BEFORE_CHUNKS = Why.DIGESTS


@public
@dataclass(frozen=True, slots=True)
class Post:
    """What became of a post so far.

    :ivar at: When the last chunk was tried last (naive UTC).
    :ivar recipients: How many were to get it.
    :ivar skipped: How many it could not be encrypted to.
    :ivar failed: How many will not get it, since the mail server refused it, in chunks that are done with.
    :ivar tried_again: In the others: how many are tried again; some of them may have been refused for good already.
    """

    message_id: str
    at: dt.datetime
    recipients: int
    delivered: int
    skipped: int
    failed: int
    tried_again: int
    attempts: int


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
def the_one(mlist: Any, message_id: str) -> Post:
    """The same, or the sentence that says that there is none.

    :raises Refusal:
    """
    post = find(mlist.list_id, message_id)
    if post is None:
        raise Refusal(
            "no-such-post",
            f"Nothing is known of a post with this Message-ID to {mlist.fqdn_listname}. It was never sent, waits for a moderator, "
            "or is too long ago.",
        )
    return post


@public
def missed(list_id: str, message_id: str) -> dict[str, Missed]:
    """Who has no copy of a post, by address in alphabetical order: the address that it was for, whose ever it is by now."""
    query = select(Delivery.missed).where(
        Delivery.list_id == list_id, Delivery.message_id == message_id, Delivery.missed.is_not(None)
    )
    found: dict[str, Missed] = {}
    for text in store().scalars(query.order_by(Delivery.at, Delivery.id)):
        found.update(told(text))
    return dict(sorted(found.items()))


@public
def by_reason(found: Mapping[str, Missed]) -> dict[str, int]:
    """How many have no copy for each reason, the most first."""
    return dict(Counter(one.miss.reason for one in found.values()).most_common())


@public
def unknown(post: Post, found: Mapping[str, Missed]) -> int:
    """How many more did not get it, of whom nothing is known: an earlier release did not write it down, or they were erased."""
    counted = sum(one.miss.reason != _BEFORE_CHUNKS for one in found.values())
    return max(0, post.skipped + post.failed + post.tried_again - counted)


def _posts(list_id: str) -> Select[Any]:
    done = case((Delivery.complete, Delivery.failed), else_=0)
    return (
        select(
            Delivery.message_id,
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
    return Post(row.message_id, row.at, *map(int, numbers))
