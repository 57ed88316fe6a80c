"""Who did what about a list, its key and the requests at it, when, and by which door."""

from __future__ import annotations

from public import public

from mailman_pgp.lists import deeds
from mailman_pgp.overview.data import deed
from mailman_pgp.rest.answers import Reply
from mailman_pgp.rest.fields import PAGING
from mailman_pgp.rest.operations import Asked, Resource, operation
from mailman_pgp.rest.paging import page, span
from mailman_pgp.rest.places import any_list
from mailman_pgp.rest.schemas.forms import pages
from mailman_pgp.rest.schemas.lists import DEED


@public
class Log(Resource):
    """What was done, also while the list was encrypted before."""

    @operation(
        "Show who did what about a list, its settings, its key and the requests at it, the latest first; kept for three years.",
        pages(DEED),
        takes=PAGING,
    )
    def on_get(self, asked: Asked) -> Reply:
        """Answer GET."""
        list_id = any_list(self.names["list"]).list_id
        total = deeds.count(list_id)
        start, count = span(asked, total)
        return Reply(page(start, total, (deed(one) for one in deeds.of(list_id, limit=count, offset=start))))
