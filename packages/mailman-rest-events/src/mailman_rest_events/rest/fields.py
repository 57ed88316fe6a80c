"""What a request may say: fields by their names, as a query or a form, or as a JSON object."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import falcon

from mailman_rest_events.administration.mistakes import MistakeError
from mailman_rest_events.administration.texts import quoted
from mailman_rest_events.outbox.states import State

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    #: Its value from what came; raises ValueError with what it takes instead, as the end of a sentence.
    Read: TypeAlias = Callable[[object], Any]

MOST_ENTRIES = 1000
_MOST_BYTES = 64 * 1024
_MOST_DIGITS = 18


def read(request: Any, takes: Mapping[str, Read]) -> dict[str, Any]:
    """The values that a request (falcon's) gives; raises MistakeError where one is unknown, or not right."""
    values = {}
    for name, value in _given(request).items():
        if name not in takes:
            there_are = f"The fields are: {', '.join(takes)}." if takes else "There are none."
            raise MistakeError(f"There is no field {quoted(str(name))} here. {there_are}")
        try:
            values[name] = takes[name](value)
        except ValueError as error:
            raise MistakeError(f"{name} takes {error}.") from None
    return values


def _given(request: Any) -> Mapping[str, object]:
    if request.method == "GET":
        return dict(request.params)
    if request.query_string:
        raise MistakeError("Put the fields into the body of the request, not behind a question mark.")
    if (request.content_length or 0) > _MOST_BYTES:
        raise MistakeError("The request is too long.")
    if not (request.content_type or "").startswith("application/json"):
        return dict(request.params)
    try:
        media = request.media
    except falcon.HTTPError:
        media = None
    if not isinstance(media, dict):
        raise MistakeError("Send a JSON object, whose members are the fields.")
    return media


def text(value: object) -> str:
    """A text that is not empty, given once."""
    if not isinstance(value, str) or not value:
        raise ValueError("one text, which is not empty")
    return value


def number(least: int, greatest: int = 10**_MOST_DIGITS) -> Read:
    """A whole number."""

    def read_it(value: object) -> int:
        word = str(value)
        fits = type(value) in {str, int} and word.isascii() and word.isdigit() and len(word) <= _MOST_DIGITS + 1
        if not fits or not least <= int(word) <= greatest:
            raise ValueError(f"a whole number from {least} to {greatest}")
        return int(word)

    return read_it


def state(choices: Collection[State]) -> Read:
    """One of these states."""

    def read_it(value: object) -> State:
        if not isinstance(value, str) or value not in choices:
            raise ValueError(f"one of: {', '.join(choices)}")
        return State(value)

    return read_it


def flag(value: object) -> bool:
    """Yes or no."""
    words = {"yes": True, "true": True, "no": False, "false": False}
    if isinstance(value, bool):
        return value
    if not isinstance(value, str) or value.lower() not in words:
        raise ValueError("yes or no")
    return words[value.lower()]


#: Those of a collection's pages, as core's.
PAGING: Mapping[str, Read] = {"count": number(1, MOST_ENTRIES), "page": number(1, 10**6)}


def span(asked: Mapping[str, Any]) -> tuple[int, int]:
    """Which entries were asked for: the first one's number, from 0 on, and how many they are at most."""
    most: int = asked.get("count", MOST_ENTRIES)
    return (asked.get("page", 1) - 1) * most, most
