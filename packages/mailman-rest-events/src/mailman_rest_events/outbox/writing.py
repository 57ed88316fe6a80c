"""An event is written down in the transaction in which it happens: rolled back with it, and committed with it."""

from __future__ import annotations

import json
import logging
import uuid
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

from mailman.interfaces.runner import RunnerCrashEvent
from sqlalchemy import insert
from sqlalchemy.exc import OperationalError

from mailman_plugin_kit.database import now, store
from mailman_plugin_kit.failures import places_of
from mailman_rest_events.model.tables import Base, Delivery, Happened
from mailman_rest_events.outbox import crashes
from mailman_rest_events.outbox.states import State
from mailman_rest_events.serializers.telling import told_of

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Collection, Iterator, Mapping

    from mailman_rest_events.endpoints.settings import Endpoint
    from mailman_rest_events.serializers.telling import Plain

log = logging.getLogger("mailman.plugins")

# Characters: what an event tells is a few names and numbers.  A receiver refuses a body of more than 256 KiB, and what is refused
# keeps others waiting; so nobody may make such an event by what they send to a list.
_MOST = 64 * 1024
# What a control character and half of a character become: many readers of JSON refuse these.
_HARMLESS = dict.fromkeys([*range(32), *range(127, 160), *range(0xD800, 0xE000)], "\N{REPLACEMENT CHARACTER}")
_HAPPENED, _DELIVERIES = (insert(Base.metadata.tables[kind.__tablename__]) for kind in (Happened, Delivery))


def subscriber(endpoints: Collection[Endpoint]) -> Callable[[object], None]:
    """What core is to call with each event.  It raises nothing: that would undo what core does."""

    def written(event: object) -> None:
        name = type(event).__name__
        try:
            if any(endpoint.events.fullmatch(name) for endpoint in endpoints):
                # The database may be what has made a runner crash.
                with nullcontext() if isinstance(event, RunnerCrashEvent) else _beside_cores():
                    _write(event, name, endpoints)
        except Exception as error:  # noqa: BLE001 - whatever it is
            # Not the error's text, which quotes what is told; but that of a database that is busy, full or away.
            why = error.orig if isinstance(error, OperationalError) else places_of(error)
            log.error("mailman-rest-events: a %s could not be written down: %s", name, why)  # noqa: TRY400 - as above

    return written


@contextmanager
def _beside_cores() -> Iterator[None]:
    """What is done inside is part of core's transaction, and leaves it as it was when it fails.

    Nothing of what core has begun is flushed: an error of that is core's to see, in its own place.  PostgreSQL gives up a whole
    transaction of which one statement fails, and its COMMIT says nothing of it then; so there is a savepoint.  SQLite gives up the
    statement alone (and would commit with a savepoint, where it is the first to write).
    """
    session = store()
    with session.no_autoflush:
        connection = session.connection()
        with nullcontext() if connection.dialect.name == "sqlite" else connection.begin_nested():
            yield


def _write(event: object, name: str, endpoints: Collection[Endpoint]) -> None:
    told = told_of(event)
    list_id = None if told is None else told.list_id
    data = None if told is None else _harmless(name, told.data)
    wanted = names_of(endpoints, name, list_id)
    if not wanted:
        return
    if isinstance(event, RunnerCrashEvent):
        crashes.keep(new_uid(), name, list_id, data)
        return
    put(new_uid(), name, list_id, data, at=now(), endpoints=wanted)


def _harmless(name: str, data: Mapping[str, Plain]) -> dict[str, Plain] | None:
    """Values that every receiver can take; None, so that only the name is told, where they are too long."""
    found = {key: _readable(value) for key, value in data.items()}
    if len(json.dumps(found)) <= _MOST:
        return found
    log.error("mailman-rest-events: a %s is told by its name alone, for its values are too long", name)
    return None


def _readable(value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple(map(_readable, value))
    return value.translate(_HARMLESS) if isinstance(value, str) else value


def names_of(endpoints: Collection[Endpoint], name: str, list_id: str | None) -> list[str]:
    """The names of those endpoints that are told of an event."""
    return [endpoint.name for endpoint in endpoints if endpoint.wants(name, list_id)]


def new_uid() -> str:
    """A name for an event."""
    return f"evt_{uuid.uuid4().hex}"


def put(uid: str, name: str, list_id: str | None, data: Any, *, at: dt.datetime, endpoints: Collection[str]) -> None:
    """Write an event down for some endpoints; whoever runs the transaction commits.

    :param data: Plain values by their names; None where nobody has said what may be told.
    """
    text = json.dumps(data, separators=(",", ":"))
    # By the connection, which takes half the time of the session; and what core has begun is not flushed: an error of that is
    # not to come up here.
    connection = store().connection()
    connection.execute(_HAPPENED, {"uid": uid, "name": name, "list_id": list_id, "data": text, "at": at})
    connection.execute(_DELIVERIES, [_row(uid, endpoint, at) for endpoint in endpoints])


def _row(uid: str, endpoint: str, at: dt.datetime) -> dict[str, Any]:
    return {
        "event": uid,
        "endpoint": endpoint,
        "state": State.WAITING.value,
        "since": at,
        "attempts": 0,
        "problem": "",
    }
