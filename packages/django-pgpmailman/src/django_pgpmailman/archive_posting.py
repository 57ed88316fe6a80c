"""Writing to a list from the pages of its web archive (HyperKitty), which send what is written in the clear.

They go on to do so where a list is known to be plain.  Where it is encrypted, or nobody knows at the moment, nothing is sent: the
addresses that send are asked about here first, and their forms are not shown (`templatetags`).
"""

from __future__ import annotations

import functools
import logging
from enum import Enum, auto
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from django_pgpmailman import knowledge
from django_pgpmailman.page import sentence
from django_pgpmailman.policy import protect

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from django.http import HttpRequest

log = logging.getLogger(__name__)

#: The views of HyperKitty that send.
SENDING = ("hyperkitty.views.message.new_message", "hyperkitty.views.message.reply")
_READING = ("GET", "HEAD")
_NOT_KNOWN = _(
    "Whether this list is encrypted is not known at the moment, so nothing is sent to it from here. Try it again in a few minutes, "
    "or write from your mail program."
)
_REFUSED = _(
    "Nothing was sent: this list is encrypted, and what is written here would travel in the clear. Write from your mail program, "
    "encrypted to the key of the list: %(page)s"
)


class Writing(Enum):
    """Whether the pages of an archive may send to a list."""

    OPEN = auto()
    ENCRYPTED = auto()
    NOT_KNOWN = auto()


def writing_to(list_id: str | None) -> Writing:
    """Whether they may send to the list of this list-id.  Never raises."""
    if not list_id:
        return Writing.NOT_KNOWN
    found = knowledge.encryption_of(list_id)
    if isinstance(found, knowledge.Encryption):
        return Writing.ENCRYPTED
    return Writing.OPEN if found is knowledge.NoEncryption.PLAIN else Writing.NOT_KNOWN


def _asking(view: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(view)
    def asking(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        from hyperkitty.models import MailingList  # noqa: PLC0415 - it is installed where there is such a view

        mlist = MailingList.objects.filter(name=kwargs["mlist_fqdn"]).first()
        if mlist is None:
            return view(request, *args, **kwargs)  # which finds none either, and says so
        if request.method not in _READING:
            _forget(mlist.list_id)
        writing = writing_to(mlist.list_id)
        if writing is Writing.OPEN:
            return view(request, *args, **kwargs)
        return _instead(request, mlist.list_id, writing)

    return asking


#: What is put before a view, by the name that a pattern has for it.
GUARDS: Mapping[str, Callable[[Callable[..., Any]], Callable[..., Any]]] = dict.fromkeys(SENDING, _asking)


def _forget(list_id: str) -> None:
    """What is sent is sent by what is true now, and not some seconds ago."""
    try:
        knowledge.forget(list_id)
    except Exception as error:  # noqa: BLE001 - it is any of a cache, and then nothing is known
        log.warning("The cache is away: %s", type(error).__name__)


def _instead(request: HttpRequest, list_id: str, writing: Writing) -> Any:
    encrypted = writing is Writing.ENCRYPTED
    if request.method in _READING:
        if encrypted:
            return redirect("pgpmailman:writing", list_id)
        return protect(request, sentence(request, HTTPStatus.SERVICE_UNAVAILABLE, _NOT_KNOWN))
    status = HTTPStatus.FORBIDDEN if encrypted else HTTPStatus.SERVICE_UNAVAILABLE
    # HyperKitty's script shows the text of an answer as it is.
    return HttpResponse(
        _refusal(request, list_id) if encrypted else _NOT_KNOWN, status=status, content_type="text/plain"
    )


def _refusal(request: HttpRequest, list_id: str) -> str:
    page = request.build_absolute_uri(reverse("pgpmailman:writing", args=[list_id]))
    return str(_REFUSED) % {"page": page}
