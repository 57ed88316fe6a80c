"""Keys that wait for a moderator, since the one until now has not signed for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from public import public

from mailman_pgp.conversation import key_changes
from mailman_pgp.exchange import waiting
from mailman_pgp.lists.membership import members_among
from mailman_pgp.overview.chosen import of_addresses
from mailman_pgp.overview.data import went
from mailman_pgp.rest import shown
from mailman_pgp.rest.answers import Reply
from mailman_pgp.rest.fields import BY, DECISION, PAGING, actor_of
from mailman_pgp.rest.operations import Asked, Resource, operation
from mailman_pgp.rest.paging import page_of
from mailman_pgp.rest.places import encrypted_list, link
from mailman_pgp.rest.schemas.certificates import DECIDED
from mailman_pgp.rest.schemas.forms import pages
from mailman_pgp.rest.schemas.waiting import CHANGE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mailman_pgp.conversation.key_changes import KeyChange


@public
class Changes(Resource):
    """Those that wait at a list, the oldest first."""

    @operation(
        "Show the keys that wait for a moderator, since their person's old key has not signed for them.",
        pages(CHANGE),
        takes=PAGING,
    )
    def on_get(self, asked: Asked) -> Reply:
        """Answer GET."""
        mlist, _ = encrypted_list(self.names["list"])
        return Reply(page_of(asked, key_changes.waiting_at(mlist), lambda found: _shown(mlist, found)))


@public
class OneChange(Resource):
    """One of them."""

    @operation("Show a key that waits for a moderator.", CHANGE)
    def on_get(self, _asked: Asked) -> Reply:
        """Answer GET."""
        mlist, _ = encrypted_list(self.names["list"])
        return Reply(_shown(mlist, [key_changes.find(mlist, self.names["token"])])[0])

    @operation(
        "Decide about it, as a moderator's reply does: whoever is first decides, and who is rejected is told.",
        DECIDED,
        takes=[DECISION, BY],
    )
    def on_post(self, asked: Asked) -> Reply:
        """Answer POST."""
        mlist, _ = encrypted_list(self.names["list"])
        change = key_changes.decide(mlist, self.names["token"], asked["action"], actor_of(asked))
        return Reply(
            {
                "address": change.address,
                "fingerprint": change.certificate.fingerprint,
                "action": asked["action"],
                "requests": [went(one) for one in waiting.after_change(mlist, change.address)],
            }
        )


@public
class ChangeFile(Resource):
    """The new certificate as a file."""

    @operation("Get the certificate that waits as a file.", shown.KEYS_TYPE)
    def on_get(self, _asked: Asked) -> Reply:
        """Answer GET."""
        mlist, _ = encrypted_list(self.names["list"])
        change = key_changes.find(mlist, self.names["token"])
        return Reply(shown.as_file(change.certificate.data, change.address))


def _shown(mlist: Any, changes: Sequence[KeyChange]) -> list[dict[str, Any]]:
    addresses = {change.address for change in changes}
    members = members_among(mlist.list_id, addresses)
    chosen = {found.address: shown.for_comparison(found) for found in of_addresses(mlist.list_id, addresses)}
    return [
        {
            "token": change.token,
            "address": change.address,
            "member": change.address in members,
            "since": change.since,
            "expires": change.expires,
            "certificate": shown.offered(change.certificate, change.problem),
            "earlier": change.earlier,
            "counting": change.counting or None,
            "chosen": chosen.get(change.address),
            "suspended": change.suspended,
            "outdated": change.outdated,
            "self_link": link("lists", mlist.list_id, "changes", change.token),
        }
        for change in changes
    ]
