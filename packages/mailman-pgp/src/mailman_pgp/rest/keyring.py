"""The certificates of many people at once."""

from __future__ import annotations

from public import public

from mailman_pgp import openpgp
from mailman_pgp.exchange import keyring
from mailman_pgp.exchange.keyring_fates import as_data
from mailman_pgp.exchange.uploads import keyring_bytes
from mailman_pgp.rest.answers import Reply
from mailman_pgp.rest.fields import BY, actor_of, text, yes_no
from mailman_pgp.rest.operations import Asked, Resource, operation
from mailman_pgp.rest.places import encrypted_list
from mailman_pgp.rest.schemas.certificates import BROUGHT


@public
class Keyring(Resource):
    """What an owner has of the people on a list."""

    @operation(
        "Let up to 500 certificates count, each for the one person on the list whose address it names; none takes the place of "
        "another. What became of each is said.",
        BROUGHT,
        takes=[
            text("keyring", "Armored blocks with any text between them; or a binary keyring in base64."),
            yes_no("dry_run", "Whether nothing is to be done, and only said what would be."),
            yes_no(
                "all_or_nothing",
                "Whether nothing is to be done when one of them is refused; the answer has `dry_run` then, and says which.",
            ),
            BY,
        ],
    )
    def on_post(self, asked: Asked) -> Reply:
        """Answer POST."""
        mlist, _ = encrypted_list(self.names["list"])
        found = openpgp.read_keyring(keyring_bytes(asked["keyring"]))
        if asked.get("dry_run", False):
            return Reply(as_data(keyring.rehearse(mlist, found)))
        every = asked.get("all_or_nothing", False)
        return Reply(as_data(keyring.bring(mlist, found, actor_of(asked), all_or_nothing=every)))
