"""What became of posts; never who wrote one, nor what about."""

from __future__ import annotations

from typing import Any

from public import public

from mailman_pgp.exchange.refusals import Refusal
from mailman_pgp.overview import posts, reasons
from mailman_pgp.rest import schemas
from mailman_pgp.rest.answers import Reply
from mailman_pgp.rest.fields import PAGING
from mailman_pgp.rest.operations import Asked, Resource, operation
from mailman_pgp.rest.paging import page, span
from mailman_pgp.rest.places import encrypted_list, link


@public
class Posts(Resource):
    """The posts of a list."""

    @operation(
        "Show what became of the posts of the last weeks, the latest first: how many got each.",
        schemas.pages(schemas.POST),
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

    @operation("Show what became of a post, and who did not get it, as far as that is known.", schemas.ONE_POST)
    def on_get(self, _asked: Asked) -> Reply:
        """Answer GET."""
        mlist, _ = encrypted_list(self.names["list"])
        post = posts.find(mlist.list_id, self.names["message_id"])
        if post is None:
            raise Refusal(
                "no-such-post",
                f"Nothing is known of a post with this Message-ID to {mlist.fqdn_listname}. It was never sent, waits for a moderator, "
                "or is too long ago.",
            )
        missed = posts.missed(mlist.list_id, post)
        return Reply(
            {
                **_shown(mlist.list_id, post),
                "missed": [
                    {
                        "address": one.address,
                        "reason": one.reason,
                        "words": reasons.missed(one.reason).words,
                        "next_step": reasons.missed(one.reason).mend,
                        "since": one.since,
                    }
                    for one in missed
                ],
                "unknown": posts.unknown(post, missed),
            }
        )


def _shown(list_id: str, post: posts.Post) -> dict[str, Any]:
    return {
        "message_id": post.message_id,
        "at": post.at,
        "recipients": post.recipients,
        "delivered": post.delivered,
        "skipped": post.skipped,
        "failed": post.failed,
        "tried_again": post.tried_again,
        "attempts": post.attempts,
        "self_link": link("lists", list_id, "posts", post.message_id),
    }
