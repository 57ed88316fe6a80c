"""How a list is encrypted: its key, and every setting by the description that REST gives of it.

Its owners change the settings here; moderators read them.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.core.cache import cache
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _

from django_pgpmailman.key_state import for_owners
from django_pgpmailman.page import Method, Page
from django_pgpmailman.refusal_texts import said
from django_pgpmailman.roles import Role
from django_pgpmailman.settings_form import SettingsForm, in_words
from mailman_pgp_client import RefusedError

if TYPE_CHECKING:
    from django.http import HttpResponse

    from django_pgpmailman.page import Visit

# The description is the same for all lists, and another one after a restart of Mailman only.
_DESCRIPTION = "pgpmailman:settings"
_DESCRIPTION_SECONDS = 60


def _described(visit: Visit) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] | None = cache.get(_DESCRIPTION)
    if found is None:
        found = visit.lists.settings()
        cache.set(_DESCRIPTION, found, _DESCRIPTION_SECONDS)
    return found


def _show(visit: Visit) -> HttpResponse:
    shown = visit.lists.of(visit.names["list_id"]).show()
    if visit.role < Role.OWNER:
        return _page(visit, shown, settings=in_words(_described(visit), shown["settings"]))
    return _page(visit, shown, form=SettingsForm.of(_described(visit), shown["settings"]))


def _change(visit: Visit) -> HttpResponse:
    ants = visit.lists.of(visit.names["list_id"])
    form = SettingsForm.of(_described(visit), {}, visit.request.POST)
    if form.is_valid():
        try:
            wanted = form.wanted()
            if wanted:
                ants.change(visit.by, **wanted)
        except RefusedError as error:
            form.refuse(str(error), said(error))
        else:
            messages.success(visit.request, _("The settings are saved.") if wanted else _("Nothing was changed."))
            return redirect("pgpmailman:settings", visit.names["list_id"])
    return _page(visit, ants.show(), HTTPStatus.UNPROCESSABLE_ENTITY, form=form)


def _page(visit: Visit, shown: dict[str, Any], status: HTTPStatus = HTTPStatus.OK, **settings: Any) -> HttpResponse:
    key = shown["list_key"]
    return visit.show(
        "settings.html",
        status,
        shown=shown,
        key=key,
        key_state=for_owners(key, visit.names["list_id"]),
        **settings,
    )


PAGE = Page(
    "settings",
    "pgp/lists/<list:list_id>/settings",
    {
        "GET": Method("How a list is encrypted: its key, and its settings.", Role.MODERATOR, _show),
        "POST": Method("Change settings of a list.", Role.OWNER, _change),
    },
)
