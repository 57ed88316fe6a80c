"""Forms of values, in JSON Schema, of which all that is answered is made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from public import public

if TYPE_CHECKING:
    from enum import StrEnum

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
NUMBER: Schema = {"type": "integer", "minimum": 0}
YES_NO: Schema = {"type": "boolean"}
MOMENT: Schema = {
    "type": "string",
    "format": "date-time",
    "pattern": "Z$",
    "description": "ISO 8601, in UTC.",
}
FINGERPRINT: Schema = {"type": "string", "pattern": "^[0-9A-F]{40}([0-9A-F]{24})?$", "description": "Upper-case hex."}
LINK: Schema = {"type": "string", "format": "uri"}
ARMORED: Schema = {"type": "string", "description": "The certificate in ASCII armor."}


@public
def record(**members: Schema) -> Schema:
    """An object that has all these members, and no others but core's etag."""
    return {
        "type": "object",
        "properties": {**members, "http_etag": TEXT},
        "required": list(members),
        "additionalProperties": False,
    }


@public
def many(of: Schema) -> Schema:
    """A list of values."""
    return {"type": "array", "items": of}


@public
def maybe(schema: Schema) -> Schema:
    """A value, or null."""
    return {"anyOf": [schema, {"type": "null"}]}


@public
def words(of: type[StrEnum]) -> Schema:
    """One of a few words."""
    return {"type": "string", "enum": [member.value for member in of]}


@public
def pages(of: Schema) -> Schema:
    """A page of a collection, as core's."""
    return {
        "type": "object",
        "properties": {"start": NUMBER, "total_size": NUMBER, "entries": many(of), "http_etag": TEXT},
        "required": ["start", "total_size"],
        "additionalProperties": False,
    }


#: In core's form; `code` is a word for programs.
ERROR: Schema = {
    "type": "object",
    "properties": {"title": TEXT, "description": {**TEXT, "description": "What to do, as a sentence."}, "code": TEXT},
    "required": ["title"],
}
