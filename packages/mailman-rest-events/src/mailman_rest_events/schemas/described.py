"""An event described, and the JSON Schema (draft 2020-12) of its body."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any


class Kind(Enum):
    """What a value is, as JSON has it."""

    TEXT = "string"
    NUMBER = "integer"
    YES_NO = "boolean"
    TEXTS = "array"  # of strings


@dataclass(frozen=True, slots=True)
class Field:
    """One value.

    :ivar optional: Whether it may be null.
    :ivar missing: Whether it may be missing.
    """

    name: str
    words: str
    kind: Kind = Kind.TEXT
    optional: bool = False
    missing: bool = False

    def schema(self) -> dict[str, Any]:
        """Its JSON Schema."""
        kind: str | list[str] = [self.kind.value, "null"] if self.optional else self.kind.value
        items = {"items": {"type": "string"}} if self.kind is Kind.TEXTS else {}
        return {"type": kind, "description": self.words, **items}


@dataclass(frozen=True, slots=True)
class Described:
    """One event.

    :ivar words: When it happens, in one sentence.
    :ivar ordered: Whether it is part of an endpoint's order; what is not tells nothing, and its number is null.
    """

    name: str
    words: str
    fields: tuple[Field, ...] = ()
    ordered: bool = True


def schema_of(event: Described) -> dict[str, Any]:
    """The JSON Schema of the body of an event."""
    members = {
        "name": {"const": event.name},
        **({"event": _told(event)} if event.ordered else {}),
        "id": {"type": "string", "pattern": "^evt_[0-9a-f]{32}$"},
        "time": {"type": "string", "format": "date-time"},
        "sequence": {"type": "integer", "minimum": 1} if event.ordered else {"type": "null"},
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": event.name,
        "description": event.words,
        "type": "object",
        "properties": members,
        "required": list(members),
        "additionalProperties": False,
    }


def _told(event: Described) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {field.name: field.schema() for field in event.fields},
        "required": [field.name for field in event.fields if not field.missing],
        "additionalProperties": False,
    }
