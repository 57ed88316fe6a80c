"""Requests to what mailman-pgp adds to Mailman's REST, and how they are refused."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError
from urllib.parse import quote, urlencode

import requests  # what mailmanclient uses
from mailmanclient import MailmanConnectionError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mailmanclient import Client

Answer = dict[str, Any]

_ROOT = ("plugins", "pgp")
_PAGE = 100  # entries
_PATIENCE_SECONDS = 60
_STEPS = frozenset({"", ".", ".."})


class RefusedError(Exception):
    """It was refused, and nothing was changed; the text is a sentence that says what to do.

    :ivar status: That of HTTP.
    :ivar code: A word for programs; empty where something else than the plugin has answered.
    """

    def __init__(self, status: int, sentence: str, code: str = "") -> None:
        super().__init__(sentence)
        self.status = status
        self.code = code


def _refused(answer: Any) -> RefusedError:
    """What an answer (a `requests.Response`) says."""
    try:
        said = answer.json()
        return RefusedError(answer.status_code, said["description"], said.get("code", ""))
    except (ValueError, TypeError, LookupError, AttributeError):
        return RefusedError(answer.status_code, str(answer.text))


@dataclass(frozen=True, slots=True)
class Place:
    """A place below which everything is asked for; the parts of its path are as people write them."""

    client: Client
    parts: tuple[str, ...] = ()

    def below(self, *parts: str) -> Place:
        """What has these names there."""
        return Place(self.client, (*self.parts, *parts))

    def _path(self) -> str:
        if not _STEPS.isdisjoint(self.parts):
            # They would lead out of the place: whoever joins URLs takes them for steps, quoted or not.
            raise RefusedError(HTTPStatus.NOT_FOUND, "There is nothing of this name.", "no-such-name")
        return "/".join(quote(part, safe="@") for part in (*_ROOT, *self.parts))

    def ask(self, method: str = "GET", **fields: Any) -> Answer:
        """Send a request, and return what is answered; fields that are None are left out.  Raises RefusedError."""
        path = self._path()
        given = {name: value for name, value in fields.items() if value is not None}
        if method in {"GET", "DELETE"} and given:
            path, given = f"{path}?{urlencode(given, doseq=True)}", {}
        try:
            _, answer = self.client._connection.call(path, given or None, method)  # noqa: SLF001 - its only way to plugins
        except HTTPError as error:
            raise _refused(error.hdrs) from None
        return answer or {}

    def file(self) -> bytes:
        """Get a file, of which `mailmanclient` makes nothing.  Raises RefusedError."""
        connection = self.client._connection  # noqa: SLF001 - see above
        sent = connection._prepare_request(self._path(), None, "GET")  # noqa: SLF001 - see above
        if connection.request_hooks:
            sent = connection._process_request_hooks(sent)  # noqa: SLF001 - see above
        patience = sent.pop("timeout", _PATIENCE_SECONDS)
        try:
            answer = requests.request(**sent, auth=connection.auth, timeout=patience)
        except OSError as error:
            raise MailmanConnectionError("Could not connect to Mailman API: ", repr(error)) from None
        if not answer.ok:
            raise _refused(answer)
        return bytes(answer.content)

    def pages(self, **fields: Any) -> Iterator[Answer]:
        """The entries of a collection, page by page."""
        page = 1
        while entries := self.ask(**fields, page=page, count=_PAGE).get("entries"):
            yield from entries
            page += 1
