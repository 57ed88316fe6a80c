"""The door to Mailman Core: what is asked there has a limit of time, and what goes wrong becomes a sentence for people.

Nothing else of ours makes a client.  What the plugin refuses because of what was sent (`RefusedError`) goes through to the page,
which knows what it has sent; all other trouble is a `TroubleError`, and the one door of our pages shows it.
"""

from __future__ import annotations

import logging
from contextlib import contextmanager
from enum import Enum
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError

from django.conf import settings
from django.utils.translation import gettext_lazy as _
from django_mailman3.lib.mailman import get_request_hooks
from mailmanclient import Client, MailmanConnectionError

from django_pgpmailman import configuration
from mailman_pgp_client import EncryptedLists, RefusedError

if TYPE_CHECKING:
    from collections.abc import Iterator

log = logging.getLogger(__name__)

_API = "3.1"


class Trouble(Enum):
    """Why there is no answer: the status of our page, and what it says."""

    AWAY = (
        HTTPStatus.SERVICE_UNAVAILABLE,
        _(
            "Mailman does not answer at the moment. Try it again in a few minutes; if it stays so, tell the site's operator."
        ),
    )
    NOT_READY = (
        HTTPStatus.SERVICE_UNAVAILABLE,
        _(
            "Encrypted lists are out of order at the moment. Their mail waits and is not lost. Tell the site's operator."
        ),
    )
    NO_PLUGIN = (
        HTTPStatus.SERVICE_UNAVAILABLE,
        _("This Mailman has no encrypted lists: it lacks the plugin for them. The site's operator can add it."),
    )
    LOCKED_OUT = (
        HTTPStatus.SERVICE_UNAVAILABLE,
        _("Mailman does not let this website in. The site's operator has to set the password of its REST interface."),
    )
    FAILED = (
        HTTPStatus.BAD_GATEWAY,
        _("Something went wrong in Mailman, and nothing was changed. Tell the site's operator."),
    )
    NOT_THERE = (HTTPStatus.NOT_FOUND, _("There is no such list."))
    NOT_ENCRYPTED = (HTTPStatus.NOT_FOUND, _("This list is not encrypted."))
    # To those who are nothing on a list: whether it is there and plain, or not there, is none of their business.
    NONE = (HTTPStatus.NOT_FOUND, _("There is no encrypted list of this name."))

    def __init__(self, status: HTTPStatus, sentence: Any) -> None:
        self.status = status
        self.sentence = sentence


class TroubleError(Exception):
    """There is no answer.

    :ivar trouble: Why, for people.
    :ivar detail: What Mailman said, for the site's admin only; may be empty.
    """

    def __init__(self, trouble: Trouble, detail: str = "") -> None:
        super().__init__(trouble.name)
        self.trouble = trouble
        self.detail = detail


_BY_CODE = {
    "no-such-list": Trouble.NOT_THERE,
    "no-such-name": Trouble.NOT_THERE,
    "not-encrypted": Trouble.NOT_ENCRYPTED,
    "not-healthy": Trouble.NOT_READY,
}
_BY_STATUS: dict[int, Trouble] = {
    HTTPStatus.UNAUTHORIZED: Trouble.LOCKED_OUT,
    HTTPStatus.SERVICE_UNAVAILABLE: Trouble.NOT_READY,
    HTTPStatus.INTERNAL_SERVER_ERROR: Trouble.FAILED,
    HTTPStatus.BAD_GATEWAY: Trouble.AWAY,
    HTTPStatus.GATEWAY_TIMEOUT: Trouble.AWAY,
}


def client(seconds: float | None = None) -> Client:
    """Mailman's own client; an answer may take so many seconds, or as many as the settings say."""
    limit = configuration.load().seconds if seconds is None else seconds

    def limited(request: dict[str, Any]) -> dict[str, Any]:
        return {**request, "timeout": limit}

    url = f"{settings.MAILMAN_REST_API_URL}/{_API}"
    # The list of hooks is copied: it belongs to the whole website.
    return Client(url, settings.MAILMAN_REST_API_USER, settings.MAILMAN_REST_API_PASS, [*get_request_hooks(), limited])


def encrypted_lists(seconds: float | None = None) -> EncryptedLists:
    """The encrypted lists, with the same limit."""
    return EncryptedLists(client(seconds))


@contextmanager
def asking() -> Iterator[None]:
    """What Mailman is asked for in this block is answered, refused (RefusedError), or raises TroubleError."""
    try:
        yield
    except RefusedError as error:
        trouble = _trouble(error.status, error.code, plugin=True)
        if trouble is None:
            raise
        raise TroubleError(trouble, str(error)) from None
    except HTTPError as error:
        trouble = _trouble(error.code, "", plugin=False) or Trouble.FAILED
        raise TroubleError(trouble, str(error.reason)) from None
    except MailmanConnectionError as error:
        log.warning("Mailman does not answer: %s", type(error.__context__).__name__)
        raise TroubleError(Trouble.AWAY) from None


def _trouble(status: int, code: str, *, plugin: bool) -> Trouble | None:
    """What is wrong, or None where what was sent is; of a plugin's resource, or of core's."""
    if status == HTTPStatus.NOT_FOUND and not code:
        # Core's own answer: it knows nothing at this path.
        return Trouble.NO_PLUGIN if plugin else Trouble.NOT_THERE
    return _BY_CODE.get(code) or _BY_STATUS.get(status)


def mailing_list(core: Client, list_id: str) -> Any:
    """A list as Mailman's own client has it, by its list-id or address; raises TroubleError."""
    with asking():
        return core.get_list(list_id)
