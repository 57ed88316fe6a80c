"""What is told of each event is what its schema says, and what its schema says is in the files and in the manual."""

from __future__ import annotations

import datetime as dt
import json
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema_rs
import pytest
from made import classes, make

from mailman_rest_events.schemas import EVENTS, schema_of
from mailman_rest_events.schemas.__main__ import schemas, table
from mailman_rest_events.sending.body import body_of

if TYPE_CHECKING:
    from conftest import Members

MANUAL = Path(__file__).parents[4] / "docs" / "events.md"


PING = "PingEvent"  # none of core's


def body(name: str, data: Any) -> dict[str, Any]:
    return {"name": name, "event": data, "id": "evt_" + "0" * 32, "time": "2027-01-15T08:00:00.000Z", "sequence": 1}


def test_files_are_as_described() -> None:
    """`python -m mailman_rest_events.schemas` was run after the last change."""
    shipped = files("mailman_rest_events.schemas") / "json"
    assert {path.name: path.read_text("utf-8") for path in shipped.iterdir()} == schemas()


def test_manual_is_as_described() -> None:
    """The table in the manual is the one that is made of the descriptions."""
    assert table() in MANUAL.read_text("utf-8")


def test_each_event_has_a_schema(mlist: Any, members: Members) -> None:
    """All of core's, and what is told of them fits, no value more and none less."""
    from mailman_rest_events.serializers.telling import told_of  # noqa: PLC0415 - core must be initialised

    described = {event.name: schema_of(event) for event in EVENTS}
    kinds = list(classes())
    assert {kind.__name__ for kind in kinds} == described.keys() - {PING}
    for kind in kinds:
        told = told_of(make(kind, mlist, members))
        assert told is not None
        jsonschema_rs.validate(described[kind.__name__], json.loads(json.dumps(body(kind.__name__, dict(told.data)))))


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.name)
def test_nothing_else_fits(event: Any) -> None:
    """A value that is not described is none, and one that is can't be left out."""
    schema = schema_of(event)
    for wrong in ({"canary": "x"}, {field.name: {} for field in event.fields} or {"canary": 1}):
        assert not jsonschema_rs.is_valid(schema, body(event.name, wrong))
    assert not jsonschema_rs.is_valid(schema, body("Other", {}))


def test_ping() -> None:
    """What a ping sends fits, and neither values nor a number do."""
    schema = {event.name: schema_of(event) for event in EVENTS}[PING]
    sent = json.loads(body_of("evt_" + "0" * 32, PING, "null", dt.datetime(2027, 1, 15, 8), None))  # noqa: DTZ001 - naive UTC
    jsonschema_rs.validate(schema, sent)
    for wrong in ({"event": {}}, {"sequence": 1}):
        assert not jsonschema_rs.is_valid(schema, {**sent, **wrong})
