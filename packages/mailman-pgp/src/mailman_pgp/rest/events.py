"""Who did what about which certificate on a list, when, and by which door."""

from __future__ import annotations

from public import public

from mailman_pgp.keys import journal
from mailman_pgp.overview.data import event
from mailman_pgp.rest.answers import Reply
from mailman_pgp.rest.fields import PAGING, address
from mailman_pgp.rest.operations import Asked, Resource, operation
from mailman_pgp.rest.paging import page, span
from mailman_pgp.rest.places import encrypted_list
from mailman_pgp.rest.schemas.certificates import EVENT
from mailman_pgp.rest.schemas.forms import pages


@public
class Events(Resource):
    """What was done about the certificates of people on a list, also of those who have left."""

    @operation(
        "Show who did what about the certificates on a list, the latest first; kept for three years.",
        pages(EVENT),
        takes=[
            *PAGING,
            address("address", "Only what was done about the certificate of this address.", required=False),
        ],
    )
    def on_get(self, asked: Asked) -> Reply:
        """Answer GET."""
        mlist, _ = encrypted_list(self.names["list"])
        whose = asked.get("address")
        total = journal.count(mlist.list_id, whose)
        start, count = span(asked, total)
        events = journal.of(mlist.list_id, whose, limit=count, offset=start)
        return Reply(page(start, total, (event(one) for one in events)))
