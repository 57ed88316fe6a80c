"""An event is written down in the transaction in which it happens: rolled back with it, and committed with it."""

from __future__ import annotations

import json
import logging
import uuid
from typing import TYPE_CHECKING, Any

from mailman.interfaces.runner import RunnerCrashEvent
from sqlalchemy import insert

from mailman_plugin_kit.database import now, store
from mailman_rest_events.model.tables import Base, Delivery, Happened
from mailman_rest_events.outbox import crashes
from mailman_rest_events.outbox.states import State
from mailman_rest_events.serializers.telling import told_of

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Collection

    from mailman_rest_events.endpoints.settings import Endpoint

log = logging.getLogger("mailman.plugins")

_HAPPENED, _DELIVERIES = (insert(Base.metadata.tables[kind.__tablename__]) for kind in (Happened, Delivery))


def subscriber(endpoints: Collection[Endpoint]) -> Callable[[object], None]:
    """What core is to call with each event.  It raises nothing: that would undo what core does."""

    def written(event: object) -> None:
        try:
            _write(event, endpoints)
        except Exception:
            log.exception("mailman-rest-events: a %s could not be written down", type(event).__name__)

    return written


def _write(event: object, endpoints: Collection[Endpoint]) -> None:
    name = type(event).__name__
    if not any(endpoint.events.fullmatch(name) for endpoint in endpoints):
        return
    told = told_of(event)
    list_id = None if told is None else told.list_id
    data = None if told is None else dict(told.data)
    wanted = names_of(endpoints, name, list_id)
    if not wanted:
        return
    if isinstance(event, RunnerCrashEvent):
        crashes.keep(new_uid(), name, list_id, data)
        return
    put(new_uid(), name, list_id, data, at=now(), endpoints=wanted)


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
