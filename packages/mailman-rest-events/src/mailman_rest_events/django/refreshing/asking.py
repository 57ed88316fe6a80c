"""Mailman's REST is asked for what is true now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError
from urllib.parse import quote

from django_mailman3.lib.mailman import get_mailman_client

if TYPE_CHECKING:
    from collections.abc import Callable

    from mailman_rest_events.receiving.verifying import Event

_NOT_FOUND = 404


def text(event: Event, name: str) -> str:
    """A value of an event; empty where it has none, or no text."""
    value = event.data.get(name)
    return value if isinstance(value, str) else ""


def mailing_list(list_id: str) -> Any:
    """A list, as `mailmanclient` has it; None when there is none.  Raises whatever keeps REST from answering."""
    return _found(get_mailman_client().get_list, list_id)


def domain(name: str) -> Any:
    """A domain, as `mailmanclient` has it; None when there is none.  Raises as above."""
    return _found(get_mailman_client().get_domain, name)


def address(email: str) -> Any:
    """An address, as `mailmanclient` has it; None when there is none.  Raises as above."""
    return _found(get_mailman_client().get_address, email)


def _found(get: Callable[[str], Any], name: str) -> Any:
    if not name:
        return None
    try:
        # The client puts names into the URL as they stand.
        return get(quote(name, safe="@"))
    except HTTPError as error:
        if error.code != _NOT_FOUND:
            raise
        return None
