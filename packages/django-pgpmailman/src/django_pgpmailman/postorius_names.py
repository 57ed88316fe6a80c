"""What forms of Postorius name of Mailman's: a token, or the number of a held post.

Postorius makes it a part of a path of Mailman's REST, as it was sent.  Whoever sends ``../held/7`` as a token is led to a held post; and
the page for tokens asks nobody who they are, so anybody could accept it.  Nor does that page look at whose token it is when the form is
sent: what waits for a moderator was accepted by whoever knows the token, and what waits at another list was shown.  So here a token is
one, and it is good for what waits for its own person, at its own list.
"""

from __future__ import annotations

import functools
import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _

from django_pgpmailman import core
from django_pgpmailman.core import Trouble, TroubleError
from django_pgpmailman.page import sentence
from django_pgpmailman.policy import protect

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from django.http import HttpRequest

    View = Callable[..., Any]

_NUMBER = re.compile(r"[0-9]{1,10}")
_TOKEN = re.compile(r"[0-9a-f]{40}")
_NO_POST = _("There is no such post at this list, so nothing was done.")
# In Postorius' own words.
_NO_TOKEN = _(
    "Token expired or invalid. If it is yours, and you have not used it yet, look whether it is of this list."
)


def _named(field: str, form: re.Pattern[str]) -> Callable[[View], View]:
    """A view that is called where all that a field names has its form."""

    def before(view: View) -> View:
        @functools.wraps(view)
        def asking(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            named = [*request.GET.getlist(field), *request.POST.getlist(field)]
            return view(request, *args, **kwargs) if all(map(form.fullmatch, named)) else _gone(request, _NO_POST)

        return asking

    return before


def _for_its_person(view: View) -> View:
    """Postorius' page for tokens, where the token is good for this."""

    @functools.wraps(view)
    def asking(request: HttpRequest, list_id: str) -> Any:
        sent = request.POST if request.method == "POST" else request.GET
        token = sent.get("token", "")
        try:
            found = _waiting(list_id, token) if _TOKEN.fullmatch(token) else None
        except TroubleError as error:
            return protect(request, sentence(request, error.trouble.status, error.trouble.sentence))
        match found:
            case {"token_owner": "subscriber"}:
                return view(request, list_id=list_id)
            case {"token_owner": "moderator"}:  # who has to be signed in there
                return redirect("list_subscription_requests", list_id)
            case _:
                return _gone(request, _NO_TOKEN)

    return asking


def _at_its_list(view: View) -> View:
    """Postorius' decision about a request, where it waits at this list: core rejects and discards at the path of any."""

    @functools.wraps(view)
    def asking(request: HttpRequest, list_id: str, request_id: str) -> Any:
        try:
            found = _waiting(list_id, request_id) if _TOKEN.fullmatch(request_id) else None
        except TroubleError as error:
            return protect(request, sentence(request, error.trouble.status, error.trouble.sentence))
        return view(request, list_id=list_id, request_id=request_id) if found else _gone(request, _NO_TOKEN)

    return asking


def _waiting(list_id: str, token: str) -> Mapping[str, Any] | None:
    """What waits at a list (by its list-id or address) under a token, as core has it; raises TroubleError."""
    try:
        with core.asking():
            # Its own way makes an object of it that does not say of which list it is.
            path = f"lists/{quote(list_id, safe='@')}/requests/{token}"
            _answer, found = core.client()._connection.call(path)  # noqa: SLF001 - see above
    except TroubleError as error:
        if error.trouble is Trouble.NOT_THERE:
            return None
        raise
    # Core answers at the path of any list.
    same = isinstance(found, dict) and found.get("list_id") == list_id.lower().replace("@", ".")
    return found if same else None


def _gone(request: HttpRequest, words: Any) -> Any:
    return protect(request, sentence(request, HTTPStatus.NOT_FOUND, words))


#: What is put before a view, by the name that a pattern has for it.
GUARDS: Mapping[str, Callable[[View], View]] = {
    "postorius.views.list.confirm_token": _for_its_person,
    "postorius.views.list.handle_subscription_request": _at_its_list,
    "postorius.views.list.list_moderation": _named("choices", _NUMBER),
    "postorius.views.list.moderate_held_message": _named("msgid", _NUMBER),
}
