"""After Postorius' button `Subscribe`: what a request to join an encrypted list waits for, instead of a word that it is done.

Postorius takes each request that waits for nobody who moderates for a membership, and says so.  Its view is called as it is; only where a
request to join waits afterwards, its success is not shown, and the person is led to where they bring their key.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.contrib.messages.storage.base import BaseStorage
from django.shortcuts import redirect
from django.urls import NoReverseMatch, get_script_prefix, path, reverse
from django.utils.translation import gettext_lazy as _
from postorius.views.list import ListSubscribeView

from django_pgpmailman.knowledge import own_places

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import ModuleType

    from django.http import HttpRequest, HttpResponse

    from django_pgpmailman.own_keys import Place

_NAME, _LIST = "list_subscribe", "list.example.com"
_stock = ListSubscribeView.as_view()


class _Aside(BaseStorage):  # type: ignore[misc]  # Django is untyped
    """Messages that nobody is shown yet."""

    def _get(self, *_args: Any, **_kwargs: Any) -> tuple[list[Any], bool]:
        return [], True

    def _store(self, *_args: Any, **_kwargs: Any) -> list[Any]:
        return []


def subscribe(request: HttpRequest, list_id: str) -> HttpResponse:
    """Postorius' view, and what is true of an encrypted list afterwards."""
    shown, request._messages = request._messages, _Aside(request)  # noqa: SLF001 - where Django's own functions look for it
    try:
        response: HttpResponse = _stock(request, list_id=list_id)
    finally:
        said, request._messages = list(request._messages), shown  # noqa: SLF001 - as above
    own = own_places(request.user, list_id.lower()) if request.method == "POST" else None
    place = _waiting(own.places, request.POST.get("subscriber", "")) if own else None
    for message in said:
        if place is None or message.level > messages.SUCCESS:
            shown.add(message.level, message.message, message.extra_tags)
    if place is None:
        return response
    sentence = _("Mailman has your request to join %(list)s. You are not a member yet: below is what it waits for.")
    messages.info(request, sentence % {"list": place.list_address})
    return redirect("pgpmailman:own_key", place.list_id, place.address)


def _waiting(places: Iterable[Place], subscriber: str) -> Place | None:
    """Where the request waits that somebody has made; by an address, or as the user whose first address it is."""
    for place in places:
        if place.joining and ("@" not in subscriber or place.address == subscriber.lower()):
            return place
    return None


def patterns(before: ModuleType) -> list[Any]:
    """This view at the address that Postorius' has in a project's URLs; none where it has none there."""
    try:
        found = reverse(_NAME, before, kwargs={"list_id": _LIST}).removeprefix(get_script_prefix())
    except NoReverseMatch:
        return []
    return [path(found.replace(_LIST, "<str:list_id>"), subscribe)]
