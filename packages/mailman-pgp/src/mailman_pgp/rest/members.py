"""Everybody on a list whose key is of concern, in pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from public import public

from mailman_pgp.overview.roster import Roster
from mailman_pgp.overview.states import State
from mailman_pgp.rest import shown
from mailman_pgp.rest.answers import Reply
from mailman_pgp.rest.fields import PAGING, choice, text
from mailman_pgp.rest.operations import Asked, Resource, operation
from mailman_pgp.rest.paging import page, span
from mailman_pgp.rest.places import encrypted_list
from mailman_pgp.rest.schemas.forms import pages
from mailman_pgp.rest.schemas.people import MEMBER

if TYPE_CHECKING:
    from mailman_pgp.overview.roster import Person


@public
class Members(Resource):
    """Members, owners and moderators."""

    @operation(
        "Show everybody on a list, by address: members, owners and moderators, what they get, and what counts for them.",
        pages(MEMBER),
        takes=[
            *PAGING,
            text("find", "Only those with this in their address or their name.", required=False),
            choice("state", "Only those of whom this is so.", State, required=False),
        ],
    )
    def on_get(self, asked: Asked) -> Reply:
        """Answer GET."""
        mlist, _ = encrypted_list(self.names["list"])
        roster = Roster(mlist.list_id, asked.get("find"), asked.get("state"))
        total = roster.total()
        start, count = span(asked, total)
        people = roster.page(start, count)
        return Reply(page(start, total, (_shown(mlist.list_id, person) for person in people)))


def _shown(list_id: str, person: Person) -> dict[str, Any]:
    return {
        "address": person.address,
        "display_name": person.name,
        "roles": [role.name for role in person.roles],
        "delivery": person.delivery,
        "gets_posts": person.gets_posts,
        **shown.reason(person.reason),
        "certificate": None if person.certificate is None else shown.in_short(list_id, person.certificate),
    }
