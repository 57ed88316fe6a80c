"""Turning encryption on or off, for a list's owners: what it will do and what is in the way first, then the fingerprint as a word for it.

The list's key is destroyed when encryption is turned off, so that is typed, and not only clicked.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from django_pgpmailman import core, knowledge
from django_pgpmailman.page import Method, Page
from django_pgpmailman.refusal_texts import said
from django_pgpmailman.roles import Role
from mailman_pgp_client import RefusedError

if TYPE_CHECKING:
    from django.http import HttpResponse

    from django_pgpmailman.page import Visit


def _plan(visit: Visit) -> tuple[bool, dict[str, Any]]:
    """Whether the list is encrypted, and what it will do to change that."""
    ants = visit.lists.of(visit.names["list_id"])
    try:
        with core.asking():
            return True, ants.disabling()
    except core.TroubleError as error:
        if error.trouble is not core.Trouble.NOT_ENCRYPTED:
            raise
    return False, ants.enabling()


def _show(visit: Visit) -> HttpResponse:
    return _page(visit)


def _page(visit: Visit, refusal: str = "", status: HTTPStatus = HTTPStatus.OK) -> HttpResponse:
    encrypted, plan = _plan(visit)
    settings = [(one["name"], _readable(one["now"]), _readable(one["then"])) for one in plan["settings"]]
    return visit.show("encryption.html", status, encrypted=encrypted, plan=plan, settings=settings, refusal=refusal)


def _readable(value: Any) -> str:
    """A value of one of core's settings, for people."""
    if isinstance(value, bool):
        return str(_("yes") if value else _("no"))
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return "" if value is None else str(value)


def _turn(visit: Visit) -> HttpResponse:
    act = {"on": _on, "off": _off}.get(visit.request.POST.get("action", ""))
    if act is None:
        return _page(visit, _("Choose what is to be done."), HTTPStatus.UNPROCESSABLE_ENTITY)
    try:
        with core.asking():
            act(visit)
    except core.TroubleError as error:
        if error.trouble is not core.Trouble.NOT_ENCRYPTED:
            raise
        return _page(visit, str(error.trouble.sentence), HTTPStatus.CONFLICT)
    except RefusedError as error:
        return _page(visit, said(error), HTTPStatus(error.status))
    knowledge.forget(visit.names["list_id"])
    return redirect("pgpmailman:encryption", visit.names["list_id"])


def _on(visit: Visit) -> None:
    visit.lists.enable(visit.names["list_id"], visit.by)
    messages.success(visit.request, _("The list is encrypted from now on."))


def _off(visit: Visit) -> None:
    visit.lists.of(visit.names["list_id"]).disable(visit.request.POST.get("confirm", ""), visit.by)
    messages.success(visit.request, _("The list is a plain one from now on, and its key is destroyed."))


PAGE = Page(
    "encryption",
    "pgp/lists/<list:list_id>/encryption",
    {
        "GET": Method("What it will do to turn encryption on or off, and what is in the way.", Role.OWNER, _show),
        "POST": Method("Turn it on; or off, by the fingerprint of the list's key.", Role.OWNER, _turn),
    },
)
