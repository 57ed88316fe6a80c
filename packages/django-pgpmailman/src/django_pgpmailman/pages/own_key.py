"""The key of an address of the visitor's own at a list: brought, looked at, sent on; asked about again; taken back.

What is uploaded stays in the form between the steps, and is kept nowhere.  Each form says what it has shown, so a second click, or a page
of yesterday, does nothing.
"""

from __future__ import annotations

from hashlib import sha256
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.core.cache import cache
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_variables

from django_pgpmailman import core, uploads
from django_pgpmailman.own_addresses import NAME
from django_pgpmailman.own_keys import place_of
from django_pgpmailman.own_texts import OUTCOMES
from django_pgpmailman.page import Method, Page
from django_pgpmailman.refusal_texts import said
from django_pgpmailman.roles import Role
from mailman_pgp_client import RefusedError

if TYPE_CHECKING:
    from django.http import HttpResponse

    from django_pgpmailman.own_keys import Place
    from django_pgpmailman.page import Visit

_REST_SECONDS = 60  # between two messages that somebody asks for here
_CHANGED = _("Something has changed since you have looked at this page, and nothing was done. Look at how it is now.")
_BODY_BYTES = 2 * 2**20  # of a form: the certificate in armor, and what is around it


def _show(visit: Visit) -> HttpResponse:
    return _page(visit, _place(visit))


@sensitive_variables()  # type: ignore[untyped-decorator]  # it may be a secret key, and reports of errors are mailed
def _act(visit: Visit) -> HttpResponse:
    place = _place(visit)
    action = _ACTIONS.get(visit.request.POST.get("action", ""), _look)
    try:
        with core.asking():
            return action(visit, place)
    except uploads.UploadError as error:
        return _page(visit, place, HTTPStatus.UNPROCESSABLE_ENTITY, error=error.sentence)
    except RefusedError as error:
        return _page(visit, place, HTTPStatus(error.status), error=said(error))


def _look(visit: Visit, place: Place) -> HttpResponse:
    """What was uploaded, beside what counts; nothing is sent on yet."""
    file = visit.request.FILES.get("file")
    data = file.read() if file else visit.request.POST.get("certificate", "").encode("utf-8", "replace")
    if not data.strip():
        raise uploads.UploadError(_("Choose a file, or paste your public key."))
    return _page(visit, place, upload=uploads.read(data))


def _send(visit: Visit, place: Place) -> HttpResponse:
    form = visit.request.POST
    upload = uploads.read(form.get("certificate", "").encode("utf-8", "replace"))
    if not _as_seen(visit, place) or form.get("fingerprint") != upload.fingerprint:
        return _page(visit, place, HTTPStatus.CONFLICT, error=_CHANGED, upload=upload)
    answer = visit.lists.of(place.list_id).offer(place.address, upload.armored, by=place.address)
    said = OUTCOMES.get((answer["outcome"], bool(answer["replaces"])))
    return _done(visit, place, _(said) % {"address": place.address} if said else answer["sentence"])


def _again(visit: Visit, place: Place) -> HttpResponse:
    if not _as_seen(visit, place):
        return _page(visit, place, HTTPStatus.CONFLICT, error=_CHANGED)
    name = f"pgpmailman:again:{sha256(f'{place.list_id} {place.address}'.encode()).hexdigest()}"
    if not cache.add(name, 1, _REST_SECONDS):
        sentence = _(
            "The message was sent a moment ago. Look into your mailbox, and wait a minute before you try again."
        )
        return _page(visit, place, HTTPStatus.CONFLICT, error=sentence)
    try:
        visit.lists.of(place.list_id).ask_again(place.address, place.address)
    except BaseException:
        cache.delete(name)
        raise
    sentence = _("The message was sent to %(address)s once more. Open it, and answer it with yes.")
    return _done(visit, place, sentence % {"address": place.address})


def _take_back(visit: Visit, place: Place) -> HttpResponse:
    if not _as_seen(visit, place):
        return _page(visit, place, HTTPStatus.CONFLICT, error=_CHANGED)
    visit.lists.of(place.list_id).take_back(place.address, place.address)
    return _done(visit, place, _("It is taken back. A late answer to the message does nothing."))


_ACTIONS = {"send": _send, "again": _again, "take-back": _take_back}


def _place(visit: Visit) -> Place:
    return place_of(visit.lists, visit.names["list_id"], visit.names[NAME])


def _as_seen(visit: Visit, place: Place) -> bool:
    return bool(visit.request.POST.get("seen") == place.seen)


def _done(visit: Visit, place: Place, sentence: Any) -> HttpResponse:
    messages.success(visit.request, sentence)
    return redirect("pgpmailman:own_key", place.list_id, place.address)


def _page(visit: Visit, place: Place, status: HTTPStatus = HTTPStatus.OK, **context: Any) -> HttpResponse:
    return visit.show("own_key.html", status, place=place, **context)


PAGE = Page(
    "own_key",
    f"pgp/lists/<list:list_id>/keys/<own:{NAME}>",
    {
        "GET": Method(
            "The visitor's own key at a list, for an address of theirs; of nobody else.", Role.LOGGED_IN, _show
        ),
        "POST": Method("Bring that key, be asked about it again, or take it back.", Role.LOGGED_IN, _act),
    },
    most_bytes=_BODY_BYTES,
)
