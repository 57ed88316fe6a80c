"""What became of posts; never who wrote one, nor what about."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from public import public

from mailman_pgp.overview import data, posts, reasons
from mailman_pgp.rest.answers import Reply
from mailman_pgp.rest.fields import PAGING, text
from mailman_pgp.rest.operations import Asked, Resource, operation
from mailman_pgp.rest.paging import page, page_of, span
from mailman_pgp.rest.places import encrypted_list, link
from mailman_pgp.rest.schemas.forms import pages
from mailman_pgp.rest.schemas.posts import MISSED, ONE_POST, POST

if TYPE_CHECKING:
    from mailman_pgp.model.missed import Missed


@public
class Posts(Resource):
    """The posts of a list."""

    @operation(
        "Show what became of the posts of the last weeks, the latest first: how many got each.",
        pages(POST),
        takes=PAGING,
    )
    def on_get(self, asked: Asked) -> Reply:
        """Answer GET."""
        mlist, _ = encrypted_list(self.names["list"])
        total = posts.total(mlist.list_id)
        start, count = span(asked, total)
        found = posts.latest(mlist.list_id, limit=count, offset=start)
        return Reply(page(start, total, (_shown(mlist.list_id, one) for one in found)))


@public
class OnePost(Resource):
    """One of them."""

    @operation("Show what became of a post: how many got it, and how many did not for each reason.", ONE_POST)
    def on_get(self, _asked: Asked) -> Reply:
        """Answer GET."""
        mlist, _ = encrypted_list(self.names["list"])
        post = posts.the_one(mlist, self.names["message_id"])
        missed = posts.missed(mlist.list_id, post.message_id)
        return Reply(
            {
                **_shown(mlist.list_id, post),
                "reasons": [{**_why(reason), "number": number} for reason, number in posts.by_reason(missed).items()],
                "unknown": posts.unknown(post, missed),
                "missed_link": link("lists", mlist.list_id, "posts", post.message_id, "missed"),
            }
        )


@public
class MissedPost(Resource):
    """Who did not get one of them."""

    @operation(
        "Show who did not get a post, by address: why, and since when; who still waits for it among them.",
        pages(MISSED),
        takes=[*PAGING, text("reason", "Only those of this reason.", required=False)],
    )
    def on_get(self, asked: Asked) -> Reply:
        """Answer GET."""
        mlist, _ = encrypted_list(self.names["list"])
        post = posts.the_one(mlist, self.names["message_id"])
        reason = asked.get("reason")
        found = [
            (address, one)
            for address, one in posts.missed(mlist.list_id, post.message_id).items()
            if reason in {None, one.miss.reason}
        ]
        return Reply(page_of(asked, found, lambda part: (_person(*one) for one in part)))


def _why(reason: str) -> dict[str, Any]:
    why = reasons.missed(reason)
    return {"reason": reason, "words": why.words, "next_step": why.mend}


def _person(address: str, one: Missed) -> dict[str, Any]:
    return {"address": address, **_why(one.miss.reason), "answer": one.miss.answer or None, "since": one.since}


def _shown(list_id: str, post: posts.Post) -> dict[str, Any]:
    return {**data.post(post), "self_link": link("lists", list_id, "posts", post.message_id)}
