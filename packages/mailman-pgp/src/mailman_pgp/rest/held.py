"""Posts, and mail to the owners, that wait for a moderator: their content by mail for who may read it, and else where a list allows it.

Core's own ``/lists/LIST/held`` accepts, rejects and discards them, too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from public import public

from mailman_pgp.conversation import held_posts, showing
from mailman_pgp.conversation.copying import send_copy
from mailman_pgp.overview import held
from mailman_pgp.posts.composition import is_authenticated, signature_status, status_of
from mailman_pgp.rest.answers import Reply
from mailman_pgp.rest.fields import BY, DECISION, PAGING, actor_of, address, text
from mailman_pgp.rest.operations import Asked, Resource, operation
from mailman_pgp.rest.paging import page, span
from mailman_pgp.rest.places import core_link, encrypted_list, link
from mailman_pgp.rest.schemas.forms import pages
from mailman_pgp.rest.schemas.waiting import COPIED, DECIDED_POST, HELD, HELD_CONTENT

if TYPE_CHECKING:
    from mailman_pgp.mime import Excerpt
    from mailman_pgp.model.tables import EncryptedList


@public
class HeldPosts(Resource):
    """Those that wait at a list, the oldest first."""

    @operation("Show the posts that wait for a moderator, without their content.", pages(HELD), takes=PAGING)
    def on_get(self, asked: Asked) -> Reply:
        """Answer GET."""
        mlist, row = encrypted_list(self.names["list"])
        total = held.numbers([mlist.list_id]).get(mlist.list_id, 0)
        start, count = span(asked, total)
        found = held.held_at(mlist, limit=count, offset=start)
        return Reply(page(start, total, (_shown(row, one) for one in found)))


@public
class HeldPost(Resource):
    """One of them."""

    @operation("Show a post that waits for a moderator, without its content.", HELD)
    def on_get(self, _asked: Asked) -> Reply:
        """Answer GET."""
        mlist, row = encrypted_list(self.names["list"])
        return Reply(_shown(row, held_posts.find(mlist, self.names["number"])))

    @operation(
        "Decide about it as core does; whoever is first decides.",
        DECIDED_POST,
        takes=[
            DECISION,
            text("comment", "What the author of a post that is rejected is told.", required=False),
            BY,
        ],
    )
    def on_post(self, asked: Asked) -> Reply:
        """Answer POST."""
        mlist, _ = encrypted_list(self.names["list"])
        action = asked["action"]
        done = held_posts.decide(mlist, self.names["number"], action, asked.get("comment"), actor_of(asked))
        return Reply({"number": done.number, "action": action})


@public
class HeldCopy(Resource):
    """The post itself, by mail."""

    @operation(
        "Send the post to an owner or moderator of the list, encrypted to their key and signed by the list.",
        COPIED,
        takes=[address("address", "Theirs; nobody else is sent it."), BY],
    )
    def on_post(self, asked: Asked) -> Reply:
        """Answer POST."""
        mlist, _ = encrypted_list(self.names["list"])
        found = held_posts.find(mlist, self.names["number"])
        send_copy(mlist, found, asked["address"], actor_of(asked))
        return Reply({"number": found.number, "address": asked["address"], "sent": True})


@public
class HeldContent(Resource):
    """What the post says, where the list allows that it is shown."""

    @operation(
        "Show what the post says to an owner or moderator of the list, where it allows that (`show_held`).",
        HELD_CONTENT,
        takes=[address("address", "Theirs; for nobody else it is opened, and it is logged that it was for them."), BY],
    )
    def on_post(self, asked: Asked) -> Reply:
        """Answer POST: by GET, the address would be in the logs of web servers."""
        mlist, row = encrypted_list(self.names["list"])
        one = held_posts.find(mlist, self.names["number"])
        found = showing.show(mlist, one, asked["address"], actor_of(asked))
        # Together with what is known of it: who reads it is to see both of the same post.
        return Reply({**_shown(row, one), "content": _content(found)})


def _content(found: Excerpt) -> dict[str, Any]:
    return {
        "author_name": found.author,
        "subject": found.subject,
        "date": found.date,
        "unprotected": found.unprotected,
        "text": found.text,
        "from_html": found.is_html,
        "complete": found.complete,
        "attachments": [{"name": one.name, "type": one.kind, "size": one.size} for one in found.attachments],
        "more_attachments": found.more_attachments,
    }


def _shown(row: EncryptedList, one: held.Held) -> dict[str, Any]:
    record, number, list_id = one.record, str(one.number), row.list_id
    return {
        "number": one.number,
        "kind": None if record is None else record.kind,
        "author": one.author,
        "message_id": record.message_id if record is not None and record.message_id else None,
        "since": one.since,
        "size": one.size,
        "reasons": one.sentences,
        "signature": None
        if record is None
        else {
            "authenticated": is_authenticated(record),
            "status": signature_status(record),
            "fingerprint": record.fingerprint or None,
            "words": status_of(record),
        },
        "content_link": link("lists", list_id, "held", number, "content") if row.show_held else None,
        "self_link": link("lists", list_id, "held", number),
        "core_link": core_link("lists", list_id, "held", number),
    }
