"""What a request may say: its fields, each with its type, and a sentence about what it takes.

They come as a form, as mailmanclient sends them, or as a JSON object.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import falcon
from mailman.interfaces.address import IEmailValidator
from public import public
from zope.component import getUtility

from mailman_pgp.conversation.matters import Decision
from mailman_pgp.exchange.refusals import Refusal
from mailman_pgp.keys.journal import Actor, Door
from mailman_pgp.lists.setting import Kind, Setting, SettingError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from enum import StrEnum


#: The longest body that is read: more than any certificate, as a form writes it.
MAX_BODY_BYTES = 8 * 2**20

FORM = "application/x-www-form-urlencoded"
JSON = "application/json"

_BODILESS = frozenset({"GET", "DELETE"})
_FINGERPRINT = re.compile(r"[0-9A-F]{40}|[0-9A-F]{64}")
_MAX_ADDRESS = 254  # RFC 5321 §4.5.3.1.3, without the brackets
_ADDRESS = {"type": "string", "format": "email", "maxLength": _MAX_ADDRESS, "pattern": r"^[^\s@]+@[^\s@]+\.[^\s@]+$"}
_SHOWN = 40  # characters of what somebody wrote, in a sentence
_YES_NO = {"yes": True, "true": True, "no": False, "false": False}
_MAX_PAGE = 1_000_000
_MAX_COUNT = 1_000


@public
@dataclass(frozen=True, slots=True)
class Field:
    """Something that a request may say.

    :ivar meaning: What it is for, as a sentence.
    :ivar read: Its value from what came: a string of a form, or any value of JSON.  Raises ValueError with what it takes
        instead, as the end of a sentence ("takes a text").
    :ivar schema: What it takes, in JSON Schema.
    """

    name: str
    meaning: str
    read: Callable[[object], Any]
    schema: Mapping[str, object]
    required: bool = True


@public
def read(request: Any, fields: Sequence[Field]) -> dict[str, Any]:
    """The values that a request (falcon's) gives to these fields, by their names; those that it does not give are left out.

    :raises Refusal: when one is unknown, missing or not right; the sentence says what there is, or what it takes.
    """
    given = _given(request)
    known = {field.name: field for field in fields}
    for name in given:
        if name not in known:
            there_are = f"The fields are: {', '.join(known)}." if known else "There are none."
            raise _invalid(f"There is no field {_shown(name)} here. {there_are}")
    missing = [field.name for field in fields if field.required and field.name not in given]
    if missing:
        raise _invalid(f"Missing: {', '.join(missing)}. {' '.join(known[name].meaning for name in missing)}")
    values = {}
    for name, value in given.items():
        try:
            values[name] = known[name].read(value)
        except SettingError:
            raise  # it names itself
        except ValueError as error:
            raise _invalid(f"{name} {error}") from None
    return values


def _invalid(sentence: str) -> Refusal:
    return Refusal("invalid", sentence)


def _shown(text: object) -> str:
    return ascii(str(text)[:_SHOWN])


def _given(request: Any) -> dict[str, Any]:
    if (request.content_length or 0) > MAX_BODY_BYTES:
        raise Refusal("too-large-request", f"The request is longer than {MAX_BODY_BYTES // 2**20} MiB. Send less.")
    if request.method in _BODILESS:
        return dict(request.params)
    if request.query_string:
        # Web servers write the query into their logs.
        raise _invalid("Put the fields into the body of the request, not behind a question mark.")
    if not request.content_length:
        return {}
    kind = (request.content_type or "").partition(";")[0].strip().lower()
    if kind == FORM:
        return dict(request.params)
    if kind != JSON:
        raise Refusal("media-type", f"Send the fields as a form ({FORM}) or as a JSON object ({JSON}).")
    try:
        media = request.media
    except falcon.HTTPError:
        media = None
    if not isinstance(media, dict):
        raise _invalid("Send a JSON object, whose members are the fields.")
    return media


def _text(value: object) -> str:
    if isinstance(value, list):
        raise ValueError("is given more than once. Give it once.")  # noqa: TRY004 - read() makes sentences of ValueError
    if not isinstance(value, str):
        raise ValueError("takes a text.")  # noqa: TRY004 - see above
    if "\0" in value or (not value.isascii() and _is_broken(value)):
        raise ValueError("takes a text, without zero bytes and halves of characters.")
    return value


def _is_broken(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return True
    return False


@public
def address(name: str, meaning: str, *, required: bool = True) -> Field:
    """A mail address; its value is in lower case."""

    def read_it(value: object) -> str:
        found = as_address(_text(value))
        if found is None:
            raise ValueError("takes a mail address. It looks like anne@example.com.")
        return found

    return Field(name, meaning, read_it, _ADDRESS, required)


@public
def addresses(name: str, meaning: str, most: int) -> Field:
    """Some mail addresses, one at least, given one by one; its value is a list, in lower case, each once."""

    def read_it(value: object) -> list[str]:
        given = value if isinstance(value, list) else [value]
        found = [as_address(_text(one)) for one in given]
        if not found or None in found:
            raise ValueError("takes mail addresses. One looks like anne@example.com.")
        if len(found) > most:
            raise ValueError(f"takes {most} mail addresses at most.")
        return list(dict.fromkeys(one for one in found if one is not None))

    return Field(name, meaning, read_it, {"type": "array", "items": _ADDRESS, "minItems": 1, "maxItems": most})


@public
def as_address(text: str) -> str | None:
    """A mail address in lower case; None when it is none."""
    found = text.strip().lower()
    return found if len(found) <= _MAX_ADDRESS and getUtility(IEmailValidator).is_valid(found) else None


@public
def fingerprint(name: str, meaning: str, *, required: bool = True) -> Field:
    """A fingerprint; blanks between its digits don't matter.  Its value is upper-case hex without them."""

    def read_it(value: object) -> str:
        found = "".join(_text(value).split()).upper()
        if not _FINGERPRINT.fullmatch(found):
            raise ValueError("takes a whole fingerprint: 40 or 64 hexadecimal digits.")
        return found

    return Field(name, meaning, read_it, {"type": "string", "pattern": "^[0-9A-F]{40}([0-9A-F]{24})?$"}, required)


@public
def text(name: str, meaning: str, *, required: bool = True) -> Field:
    """Any text that is not empty."""

    def read_it(value: object) -> str:
        found = _text(value)
        if not found.strip():
            raise ValueError("is empty.")
        return found

    return Field(name, meaning, read_it, {"type": "string", "minLength": 1}, required)


@public
def choice(name: str, meaning: str, choices: type[StrEnum], *, required: bool = True) -> Field:
    """One of a few words."""
    words = [member.value for member in choices]

    def read_it(value: object) -> StrEnum:
        found = _text(value)
        if found not in words:
            raise ValueError(f"takes one of: {', '.join(words)}.")
        return choices(found)

    return Field(name, meaning, read_it, {"type": "string", "enum": words}, required)


@public
def yes_no(name: str, meaning: str) -> Field:
    """Yes or no; no when it is left out."""

    def read_it(value: object) -> bool:
        if isinstance(value, bool):
            return value
        found = _text(value).strip().lower()
        if found not in _YES_NO:
            raise ValueError("takes yes or no.")
        return _YES_NO[found]

    return Field(name, meaning, read_it, {"type": "boolean"}, required=False)


@public
def number(name: str, meaning: str, greatest: int) -> Field:
    """A whole number from 1 on, which may be left out."""

    def read_it(value: object) -> int:
        found = str(value) if isinstance(value, int) and not isinstance(value, bool) else _text(value)
        if not (
            found.isascii() and found.isdigit() and len(found) <= len(str(greatest)) and 1 <= int(found) <= greatest
        ):
            raise ValueError(f"takes a whole number from 1 to {greatest}.")
        return int(found)

    return Field(name, meaning, read_it, {"type": "integer", "minimum": 1, "maximum": greatest}, required=False)


@public
def of_setting(setting: Setting) -> Field:
    """A setting of encrypted lists: as a person writes it in a form, of its own type in JSON."""

    def read_it(value: object) -> object:
        return setting.parse(value) if isinstance(value, str) else setting.check(value)

    return Field(setting.name, setting.meaning, read_it, schema_of(setting), required=False)


@public
def schema_of(setting: Setting) -> dict[str, object]:
    """What a setting takes, in JSON Schema."""
    if setting.kind is Kind.YES_NO:
        return {"type": "boolean"}
    if setting.kind is Kind.CHOICE:
        return {"type": "string", "enum": list(setting.choices)}
    kinds = ["integer", "null"] if setting.default is None else "integer"
    return {"type": kinds, "minimum": setting.least, "maximum": setting.limit}


#: Whoever decides, where a program acts for them.
BY = address("by", "The address of whoever decides, if this program acts for somebody; it is recorded.", required=False)


@public
def actor_of(asked: Mapping[str, Any]) -> Actor:
    """Who acts, by the values of the fields, `BY` among them."""
    return Actor(Door.REST, asked.get(BY.name, ""))


#: What becomes of something that waits.
DECISION = choice("action", "What is decided.", Decision)

#: The fields of a collection's pages, as core's.
PAGING = (
    number("page", "Which page, from 1 on.", _MAX_PAGE),
    number("count", "How many entries a page has; without it there is one page with all.", _MAX_COUNT),
)
