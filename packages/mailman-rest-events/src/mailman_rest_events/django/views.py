"""Takes one event: believes it or not, has its work done once, and answers.

The answer is a success only when the work is done; whatever else is answered, Mailman sends the event again.
"""

from __future__ import annotations

import hmac
import logging
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.http import HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_POST

from mailman_rest_events.django import configuration
from mailman_rest_events.django.events import distribute
from mailman_rest_events.django.models import Done
from mailman_rest_events.receiving.verifying import MAX_BODY, NotVerifiedError, read, verify

if TYPE_CHECKING:
    from mailman_rest_events.django.configuration import Configuration
    from mailman_rest_events.receiving.verifying import Event

log = logging.getLogger(__name__)


@csrf_exempt  # type: ignore[untyped-decorator]  # Django is untyped
@require_POST  # type: ignore[untyped-decorator]
@transaction.non_atomic_requests  # type: ignore[untyped-decorator]  # what one receiver breaks is not undone for the others
@sensitive_variables()  # type: ignore[untyped-decorator]
def receive(request: Any) -> HttpResponse:
    """Take one event."""
    try:
        ours = configuration.load()
    except configuration.ConfigurationError as error:
        log.error("No event is taken. %s", error)  # noqa: TRY400 - the sentence says all
        return _answer(503, "This website takes no events yet; its log says why.")
    if _length(request) > MAX_BODY:
        return _answer(413, "The request is too long.")
    try:
        event = _believed(request, ours)
    except NotVerifiedError as error:
        log.warning("A request is not taken for an event of Mailman's. %s", error)
        return _answer(401, str(error))
    if Done.has(event.delivery):
        return _answer(204)
    if distribute(event):
        return _answer(500, "Not everybody here could take the event; the website's log says why.")
    Done.add(event.delivery)
    return _answer(204)


@sensitive_variables()  # type: ignore[untyped-decorator]
def _believed(request: Any, ours: Configuration) -> Event:
    """The event in a request; raises NotVerifiedError.  A signature, where there is one, has to be right."""
    signed = "webhook-signature" in request.headers
    if ours.secrets and (signed or not ours.api_keys):
        return verify(request.headers, request.body, secrets=ours.secrets)
    kind, _, given = request.headers.get("Authorization", "").partition(" ")
    known = [
        hmac.compare_digest(given.encode(), key.encode()) for key in ours.api_keys
    ]  # all of them: time tells nothing
    if kind != "Token" or not any(known):
        raise NotVerifiedError("The request has neither a signature nor a key that is known here.")
    return read(request.headers.get("webhook-id", ""), request.body)


def _length(request: Any) -> int:
    """Bytes of the body, as the request says; without a length Django reads none."""
    text = request.META.get("CONTENT_LENGTH") or "0"
    return int(text) if text.isascii() and text.isdigit() and len(text) < len(str(2**63)) else MAX_BODY + 1


def _answer(status: int, sentence: str = "") -> HttpResponse:
    return HttpResponse(sentence, status=status, content_type="text/plain; charset=utf-8")
