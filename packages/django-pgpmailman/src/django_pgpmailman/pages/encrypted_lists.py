"""All encrypted lists, for the administrators of the site: how they are, which keys expire, which events are behind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError

from django_pgpmailman import core
from django_pgpmailman.key_state import for_owners
from django_pgpmailman.page import Method, Page
from django_pgpmailman.paging import page_of
from django_pgpmailman.roles import Role
from django_pgpmailman.words import moment

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping

    from django.http import HttpResponse

    from django_pgpmailman.page import Visit
    from django_pgpmailman.words import State

_COUNT = 50  # lists on a page


@dataclass(frozen=True, slots=True)
class Row:
    """A list; `key` is as REST has it, `waiting` is how many requests, keys and posts wait for a moderator."""

    list_id: str
    address: str
    members: Mapping[str, int]
    waiting: int
    key: Mapping[str, Any] | None

    @property
    def key_state(self) -> State:
        """How its key is."""
        return for_owners(self.key, self.list_id)

    @property
    def expires(self) -> dt.datetime | None:
        """When its key does; None for never."""
        return moment(self.key["expires"]) if self.key else None


def _show(visit: Visit) -> HttpResponse:
    with core.asking():
        entries, page = page_of(visit.request, _COUNT, visit.lists.page)
    found = [
        Row(each["list_id"], each["address"], each["members"], sum(each["waiting"].values()), each["list_key"])
        for each in entries
    ]
    return visit.show(
        "encrypted_lists.html",
        rows=found,
        page=page,
        events=_events(visit),
    )


def _events(visit: Visit) -> list[str]:
    """What an operator should look at about the events of `mailman-rest-events`; nothing where that is not installed."""
    try:
        with core.asking():
            told = visit.core._connection.call("plugins/events")[1]  # noqa: SLF001 - its only way to plugins
            if told["well"]:
                return []
            endpoints = visit.core._connection.call("plugins/events/endpoints")[1]  # noqa: SLF001 - as above
    except core.TroubleError as error:
        return [] if error.trouble is core.Trouble.NOT_THERE else [str(error.trouble.sentence)]
    except HTTPError as error:
        return [str(error.reason)]
    of_each = [f"{each['name']}: {sentence}" for each in endpoints.get("entries", ()) for sentence in each["attention"]]
    return [*told["attention"], *of_each]


PAGE = Page(
    "encrypted_lists",
    "pgp/",
    {
        "GET": Method(
            "All encrypted lists: how they are, which keys expire, which events are behind.", Role.SITE_ADMIN, _show
        )
    },
)
