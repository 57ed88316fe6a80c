"""What is decided about the key of a list."""

from __future__ import annotations

from enum import StrEnum

from public import public

from mailman_pgp.keys import extending, vault
from mailman_pgp.lists import deeds
from mailman_pgp.lists.deeds import Deed
from mailman_pgp.rest import schemas
from mailman_pgp.rest.answers import Reply
from mailman_pgp.rest.fields import BY, actor_of, choice, number
from mailman_pgp.rest.operations import Asked, Resource, operation
from mailman_pgp.rest.places import encrypted_list, link


class KeyAction(StrEnum):
    """What can be done with it."""

    EXTEND = "extend"


@public
class ListKeys(Resource):
    """The key pair of a list; its secret part is never shown."""

    @operation(
        "Let the key of a list live longer; it stays the same key.",
        schemas.EXTENDED,
        takes=[
            choice("action", "What is to be done.", KeyAction),
            number("years", f"From now on; {extending.DEFAULT_YEARS} when left out.", extending.MOST_YEARS),
            BY,
        ],
    )
    def on_post(self, asked: Asked) -> Reply:
        """Answer POST."""
        mlist, _ = encrypted_list(self.names["list"])
        before = extending.extend(mlist.list_id, asked.get("years", extending.DEFAULT_YEARS))
        key = vault.certificate(mlist.list_id)
        deeds.record(mlist, Deed.KEY_EXTENDED, actor_of(asked), what=key.fingerprint)
        return Reply(
            {
                "list_id": mlist.list_id,
                "fingerprint": key.fingerprint,
                "action": asked["action"],
                "before": before.expires,
                "expires": key.expires,
                "certificate_link": link("lists", mlist.list_id, "certificate"),
            }
        )
