"""How somebody decides about what waits at a list: on one page for each kind of it, with a form for each thing.

A form carries what its page has shown, as a digest: what is another thing by now, or is shown otherwise, is not decided about.  What waits
is asked of REST each time, for a database may give the number of a post that was decided about to the next one.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from hashlib import sha256
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext_lazy as _

from django_pgpmailman import core
from django_pgpmailman.paging import asked, page_of
from django_pgpmailman.refusal_texts import said
from mailman_pgp_client import EncryptedList, RefusedError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from django.http import HttpResponse

    from django_pgpmailman.page import Visit

    Action = Callable[[Visit, EncryptedList, Mapping[str, Any]], Any]

_COUNT = 20  # things on a page
_NAME = re.compile(r"[A-Za-z0-9_-]{1,100}")
_LONGEST_REASON = 2000
GONE = _("It does not wait any more: somebody has decided about it, or it is over. Nothing was done.")


def digest(*values: Any) -> str:
    """A few plain values, as a form carries what its page has shown."""
    return sha256(json.dumps(values).encode()).hexdigest()


def reason(visit: Visit) -> str | None:
    """What the form says to whoever is rejected; None for nothing.  Raises RefusedError."""
    text = visit.request.POST.get("reason", "").replace("\r\n", "\n").strip()
    if len(text) > _LONGEST_REASON or "\0" in text:
        raise RefusedError(
            HTTPStatus.BAD_REQUEST, _("The reason is too long, or can't be mailed. Nothing was done: make it shorter.")
        )
    return text or None


@dataclass(frozen=True, slots=True)
class Waiting:
    """A thing that waits, for a template.

    :ivar name: By which REST finds it.
    :ivar seen: What is shown of it, as a digest.
    :ivar refused: Why the last decision about it was refused; empty for none.
    :ivar typed: The reason that was typed with it.
    """

    name: str
    seen: str
    shown: Mapping[str, Any]
    refused: str = ""
    typed: str = ""


@dataclass(frozen=True, slots=True)
class Desk:
    """A page of things that wait.

    :ivar page: Its name for `reverse`, below ``pgpmailman:``; its template has the same.
    :ivar ask: Asks REST for a page of them.
    :ivar find: Asks REST for one, by its name.
    :ivar name: That name of one.
    :ivar seen: The digest of what counts of one.
    :ivar actions: What can be done, by the word that the form sends; each says what was done, or raises RefusedError.
    :ivar more: What else the template needs.
    """

    page: str
    ask: Callable[[EncryptedList, int, int], dict[str, Any]]
    find: Callable[[EncryptedList, str], dict[str, Any]]
    name: Callable[[Mapping[str, Any]], str]
    seen: Callable[[Mapping[str, Any]], str]
    actions: Mapping[str, Action]
    more: Callable[[Visit], Mapping[str, Any]] = lambda _visit: {}

    def show(self, visit: Visit) -> HttpResponse:
        """Answer GET."""
        return self._page(visit, HTTPStatus.OK)

    def decide(self, visit: Visit) -> HttpResponse:
        """Answer POST: do what was chosen, and show the page anew."""
        try:
            with core.asking():
                done = self._done(visit)
        except RefusedError as error:
            return self._page(visit, HTTPStatus(error.status), said(error))
        messages.success(visit.request, done)
        there = reverse(f"pgpmailman:{self.page}", args=[visit.names["list_id"]])
        return redirect(f"{there}?page={asked(visit.request)}")

    def found(self, visit: Visit, name: str) -> dict[str, Any]:
        """The one that waits at the list by this name, as somebody sent it; raises RefusedError."""
        if not _NAME.fullmatch(name):
            raise RefusedError(HTTPStatus.NOT_FOUND, GONE, "gone")
        try:
            return self.find(_list(visit), name)
        except RefusedError as error:
            if error.code not in {"no-such-request", "no-such-change", "no-such-post"}:
                raise
            raise RefusedError(HTTPStatus.NOT_FOUND, GONE, "gone") from None

    def _done(self, visit: Visit) -> Any:
        form = visit.request.POST
        act = self.actions.get(form.get("action", ""))
        if act is None:
            raise RefusedError(HTTPStatus.BAD_REQUEST, _("Nothing was chosen, so nothing was done."))
        one = self.found(visit, form.get("name", ""))
        if not constant_time_compare(form.get("seen", ""), self.seen(one)):
            raise RefusedError(
                HTTPStatus.CONFLICT, _("This was changed since you looked at it. Nothing was done: look at it again.")
            )
        return act(visit, _list(visit), one)

    def _page(self, visit: Visit, status: HTTPStatus, refused: str = "") -> HttpResponse:
        ants, form = _list(visit), visit.request.POST
        entries, page = page_of(visit.request, _COUNT, lambda number, count: self.ask(ants, number, count))
        things = [
            Waiting(name, self.seen(one), one, *((refused, form.get("reason", "")) if form.get("name") == name else ()))
            for one, name in ((one, self.name(one)) for one in entries)
        ]
        above = "" if any(thing.refused for thing in things) else refused
        return visit.show(
            f"{self.page}.html",
            status,
            here=self.page,
            page_name=f"pgpmailman:{self.page}",
            things=things,
            page=page,
            waiting={self.page: page.paginator.count},
            refused=above,
            **self.more(visit),
        )


def _list(visit: Visit) -> EncryptedList:
    return visit.lists.of(visit.names["list_id"])
