"""The key of a list lives longer, for the list's owners; it stays the same key."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from django.contrib import messages
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from django_pgpmailman import knowledge
from django_pgpmailman.key_state import for_owners
from django_pgpmailman.page import Method, Page
from django_pgpmailman.refusal_texts import said
from django_pgpmailman.roles import Role
from mailman_pgp_client import RefusedError

if TYPE_CHECKING:
    from django.http import HttpResponse

    from django_pgpmailman.page import Visit


def _show(visit: Visit) -> HttpResponse:
    return _page(visit)


def _page(visit: Visit, refusal: str = "", status: HTTPStatus = HTTPStatus.OK) -> HttpResponse:
    key = visit.lists.of(visit.names["list_id"]).show()["list_key"]
    return visit.show("list_key.html", status, key=key, key_state=for_owners(key), refusal=refusal)


def _extend(visit: Visit) -> HttpResponse:
    asked = visit.request.POST.get("years", "")
    if not (asked.isascii() and asked.isdigit() and len(asked) <= len("99")):
        return _page(visit, _("Write for how many years from now on, as a number."), HTTPStatus.UNPROCESSABLE_ENTITY)
    try:
        visit.lists.of(visit.names["list_id"]).extend_key(int(asked), visit.by)
    except RefusedError as error:
        return _page(visit, said(error), HTTPStatus(error.status))
    knowledge.forget(visit.names["list_id"])
    messages.success(
        visit.request, _("The key lives longer. Its newer certificate goes out with each post from now on.")
    )
    return redirect("pgpmailman:list_key", visit.names["list_id"])


PAGE = Page(
    "list_key",
    "pgp/lists/<list:list_id>/key",
    {
        "GET": Method("The key of a list, and how long it lives.", Role.OWNER, _show),
        "POST": Method("Let it live longer.", Role.OWNER, _extend),
    },
)
