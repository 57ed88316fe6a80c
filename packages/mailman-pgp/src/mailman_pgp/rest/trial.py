"""A test message to one member."""

from __future__ import annotations

from http import HTTPStatus

from public import public

from mailman_pgp.delivery.trial import send_test
from mailman_pgp.rest.answers import Reply
from mailman_pgp.rest.fields import BY, actor_of, address
from mailman_pgp.rest.operations import Asked, Resource, operation
from mailman_pgp.rest.places import encrypted_list, link
from mailman_pgp.rest.schemas.posts import TRIED


@public
class Trials(Resource):
    """Whether posts reach somebody."""

    @operation(
        "Send a member a test message, by the way of posts; or say why nothing reaches them (409).",
        TRIED,
        takes=[address("address", "The member's."), BY],
        status=HTTPStatus.ACCEPTED,
    )
    def on_post(self, asked: Asked) -> Reply:
        """Answer POST."""
        mlist, _ = encrypted_list(self.names["list"])
        trial = send_test(mlist, asked["address"], actor_of(asked))
        return Reply(
            {
                "address": trial.address,
                "message_id": trial.message_id,
                "fingerprint": trial.fingerprint,
                "post_link": link("lists", mlist.list_id, "posts", trial.message_id),
            },
            HTTPStatus.ACCEPTED,
        )
