"""The keys of a person at all encrypted lists, by all addresses that are theirs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django_pgpmailman.own_addresses import own_addresses
from django_pgpmailman.own_keys import MOST_ADDRESSES, places_of
from django_pgpmailman.page import Method, Page
from django_pgpmailman.roles import Role

if TYPE_CHECKING:
    from django.http import HttpResponse

    from django_pgpmailman.page import Visit


def _show(visit: Visit) -> HttpResponse:
    addresses = own_addresses(visit.request.user)
    return visit.show(
        "keys.html",
        places=places_of(visit.lists, addresses),
        addresses=addresses[:MOST_ADDRESSES],
        left_out=addresses[MOST_ADDRESSES:],
    )


PAGE = Page("keys", "pgp/keys", {"GET": Method("The visitor's own keys, at each list.", Role.LOGGED_IN, _show)})
