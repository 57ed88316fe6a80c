"""What is told of each of our events is what its schema says, and what its schema says is in the files and in the manual."""

from __future__ import annotations

import datetime as dt
import inspect
import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from mailman_pgp.events import kinds

# The package `mailman_rest_events.schemas` needs no core.
from mailman_pgp.events.described import EVENTS
from mailman_rest_events.schemas import schema_of
from mailman_rest_events.schemas.__main__ import schemas, table

MANUAL = Path(__file__).parents[4] / "docs" / "events.md"
VALUES: dict[str, Any] = {
    "list_id": "ant.example.com",
    "address": "anne@example.com",
    "fingerprint": "AA" * 20,
    "door": "mail",
    "earlier": "BB" * 20,
    "waits_for": "proof",
    "expires": dt.datetime(2027, 1, 15, 8),  # noqa: DTZ001 - naive UTC, as the database has it
    "days": -30,
    "settings": ("footer_note", "key_sign_by"),
    "reason": "expired",
    "count": 1,
}
#: Whoever trusts an endpoint with who is a member has not trusted it with who writes, with keys, or with what is said.
NEVER = ("author", "sender", "message_id", "subject", "certificate", "secret", "token", "code", "by")


def classes() -> dict[str, type]:
    """All our events."""
    found = inspect.getmembers(kinds, inspect.isclass)
    return {name: kind for name, kind in found if kind.__module__ == kinds.__name__ and name.endswith("Event")}


def body(name: str, data: Any) -> dict[str, Any]:
    return {"name": name, "event": data, "id": "evt_" + "0" * 32, "time": "2027-01-15T08:00:00.000Z", "sequence": 1}


def test_files_are_as_described() -> None:
    """`python -m mailman_rest_events.schemas` was run after the last change."""
    shipped = files("mailman_pgp.events") / "json"
    assert {path.name: path.read_text("utf-8") for path in shipped.iterdir()} == schemas(EVENTS)


def test_manual_is_as_described() -> None:
    """The table in the manual is the one that is made of the descriptions."""
    assert table(EVENTS) in MANUAL.read_text("utf-8")


def test_all_are_described() -> None:
    """Each class has a description, and each description a class."""
    assert [event.name for event in EVENTS] == list(dict.fromkeys(event.name for event in EVENTS))
    assert {event.name for event in EVENTS} == classes().keys()


@pytest.mark.parametrize("name", sorted(classes()))
@pytest.mark.usefixtures("core")
def test_what_is_told_fits(name: str) -> None:
    """All values that the class has, under their names, and what REST can resolve."""
    from mailman_pgp.events import installing  # noqa: PLC0415 - core must be initialised
    from mailman_rest_events.serializers.telling import told_of  # noqa: PLC0415

    installing.install()
    kind: Any = classes()[name]
    wanted = [field.name for field in kind.__dataclass_fields__.values()]
    event = kind(**{field: VALUES[field] for field in wanted})
    told = told_of(event)
    assert told is not None
    assert told.list_id == "ant.example.com"
    data = json.loads(json.dumps(dict(told.data)))
    assert data.keys() == set(wanted)
    (described,) = (each for each in EVENTS if each.name == name)
    jsonschema_rs.validate(schema_of(described), body(name, data))
    assert not jsonschema_rs.is_valid(schema_of(described), body(name, {**data, "canary": "x"}))
    for left_out in data:
        rest = {field: value for field, value in data.items() if field != left_out}
        assert not jsonschema_rs.is_valid(schema_of(described), body(name, rest))


@pytest.mark.usefixtures("core")
def test_a_time() -> None:
    """It is written as REST writes times: ISO 8601, UTC."""
    from mailman_pgp.events import installing  # noqa: PLC0415 - core must be initialised
    from mailman_rest_events.serializers.telling import told_of  # noqa: PLC0415

    installing.install()
    fields = ("list_id", "address", "fingerprint", "expires", "days")
    told = told_of(kinds.KeyExpiringEvent(*[VALUES[name] for name in fields]))
    assert told is not None
    assert told.data["expires"] == "2027-01-15T08:00:00Z"


def test_what_is_never_told() -> None:
    """No event has a field for it."""
    assert not {field.name for event in EVENTS for field in event.fields} & set(NEVER)
