"""The key of a list, for its owners: it lives longer, or another one follows it."""

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
    encrypted = visit.lists.of(visit.names["list_id"])
    key = encrypted.show()["list_key"]
    former = encrypted.keys()["former"] if key else []
    return visit.show("list_key.html", status, key=key, former=former, key_state=for_owners(key), refusal=refusal)


def _change(visit: Visit) -> HttpResponse:
    field = "overlap" if "overlap" in visit.request.POST else "years"
    asked = visit.request.POST.get(field, "")
    if not (asked.isascii() and asked.isdigit() and len(asked) <= len("999")):
        return _page(visit, _("Write how long, as a number."), HTTPStatus.UNPROCESSABLE_ENTITY)
    encrypted = visit.lists.of(visit.names["list_id"])
    try:
        if field == "overlap":
            # A form that is sent once more, since the website was slow, gives the list no third key.
            encrypted.rotate_key(int(asked), visit.by, visit.request.POST.get("follows", ""))
            done = _("The list has a new key. Everybody on the list is told now.")
        else:
            encrypted.extend_key(int(asked), visit.by)
            done = _("The key lives longer. Its newer certificate goes out with each post from now on.")
    except RefusedError as error:
        return _page(visit, said(error), HTTPStatus(error.status))
    knowledge.forget(visit.names["list_id"])
    messages.success(visit.request, done)
    return redirect("pgpmailman:list_key", visit.names["list_id"])


PAGE = Page(
    "list_key",
    "pgp/lists/<list:list_id>/key",
    {
        "GET": Method("The key of a list, and how long it lives.", Role.OWNER, _show),
        "POST": Method("Let it live longer, or give the list another one.", Role.OWNER, _change),
    },
)
