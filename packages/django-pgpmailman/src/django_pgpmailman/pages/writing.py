"""How to write to an encrypted list: what stands in the place of the forms of a web archive."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django_pgpmailman.page import Method, Page
from django_pgpmailman.roles import Role

if TYPE_CHECKING:
    from django.http import HttpResponse

    from django_pgpmailman.page import Visit


def _show(visit: Visit) -> HttpResponse:
    return visit.show("writing.html", encryption=visit.lists.of(visit.names["list_id"]).certificate())


PAGE = Page(
    "writing",
    "pgp/lists/<list:list_id>/writing",
    {"GET": Method("How to write to an encrypted list.", Role.EVERYBODY, _show)},
)
