"""Events and what has become of them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from mailman_plugin_kit.database import store
from mailman_rest_events.administration.mistakes import MistakeError, no_such_endpoint, no_such_event
from mailman_rest_events.administration.overview import is_known
from mailman_rest_events.administration.texts import is_storable
from mailman_rest_events.model.tables import Delivery, Happened
from mailman_rest_events.outbox.states import State
from mailman_rest_events.sending.body import body_of

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Collection

    from sqlalchemy import ColumnElement


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which events are shown: those that fit all that is given.

    :ivar name: Of the event's class.
    :ivar list_id: Or the address of the list that they are about.
    """

    endpoint: str | None = None
    state: State | None = None
    name: str | None = None
    list_id: str | None = None


@dataclass(frozen=True, slots=True)
class Latest:
    """A delivery that is done, in a line.

    :ivar row: Its key.
    """

    row: int
    endpoint: str
    state: str
    sequence: int | None
    attempts: int
    done: dt.datetime
    problem: str
    event: str
    name: str
    list_id: str | None


def number_of(wanted: Wanted) -> int:
    """How many events fit."""
    return store().scalar(select(func.count()).select_from(Happened).where(*_conditions(wanted))) or 0


def page_of(wanted: Wanted, start: int, most: int | None) -> list[dict[str, Any]]:
    """Events that fit, the latest first, from the number `start` on (0 is the first one)."""
    query = select(Happened).where(*_conditions(wanted)).order_by(Happened.at.desc(), Happened.uid)
    found = store().scalars(query.offset(start).limit(most)).all()
    deliveries = _deliveries_of([each.uid for each in found])
    return [{**_event(each), "deliveries": [_delivery(row) for row in deliveries.get(each.uid, [])]} for each in found]


def one(uid: str) -> dict[str, Any]:
    """One event with its data, and all its deliveries, each with the body as it is sent; None before it has a number.

    :raises UnknownError: when there is none.
    """
    found = store().get(Happened, uid) if is_storable(uid) else None
    if found is None:
        raise no_such_event(uid)
    return {
        **_event(found),
        "data": json.loads(found.data),
        "deliveries": [{**_delivery(row), "body": _body(found, row)} for row in _deliveries_of([uid]).get(uid, [])],
    }


def latest(most: int, endpoint: str | None = None, since: dt.datetime | None = None) -> list[Latest]:
    """What was delivered, parked or skipped last, or since then; the latest at the end."""
    query = (
        select(
            Delivery.id,
            Delivery.endpoint,
            Delivery.state,
            Delivery.sequence,
            Delivery.attempts,
            Delivery.done,
            Delivery.problem,
            Delivery.event,
            Happened.name,
            Happened.list_id,
        )
        .join(Happened, Happened.uid == Delivery.event)
        .where(Delivery.done.is_not(None))
    )
    if endpoint is not None:
        # Not `==` with the column itself: SQLite would sort all of an endpoint instead of beginning with the latest.
        query = query.where(Delivery.endpoint.concat("") == _known(endpoint))
    if since is not None:
        query = query.where(Delivery.done >= since)
    rows = store().execute(query.order_by(Delivery.done.desc(), Delivery.id.desc()).limit(most)).all()
    return [Latest(*row) for row in reversed(rows)]


def _conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.name is not None:
        found.append(Happened.name == _storable(wanted.name))
    if wanted.list_id is not None:
        found.append(Happened.list_id == _storable(wanted.list_id).lower().replace("@", "."))
    of = [
        *([Delivery.endpoint == _known(wanted.endpoint)] if wanted.endpoint is not None else []),
        *([Delivery.state == wanted.state.value] if wanted.state is not None else []),
    ]
    if of:
        # Most are delivered, so that a page of them is soon found from one event to the next.  Of the other states are few.
        few = wanted.state not in {None, State.DELIVERED}
        deliveries = select(Delivery.event).where(*of)
        found.append(Happened.uid.in_(deliveries) if few else deliveries.where(Delivery.event == Happened.uid).exists())
    return found


def _known(endpoint: str) -> str:
    if not is_known(endpoint):
        raise no_such_endpoint(endpoint)
    return endpoint


def _storable(text: str) -> str:
    if not is_storable(text):
        raise MistakeError("What events are looked for by must be a text, without zero bytes and halves of characters.")
    return text


def _deliveries_of(uids: Collection[str]) -> dict[str, list[Delivery]]:
    found: dict[str, list[Delivery]] = {}
    query = select(Delivery).where(Delivery.event.in_(uids)).order_by(Delivery.id)
    for row in store().scalars(query.execution_options(populate_existing=True)):
        found.setdefault(row.event, []).append(row)
    return found


def _event(row: Happened) -> dict[str, Any]:
    return {"id": row.uid, "name": row.name, "list_id": row.list_id, "time": row.at}


def _delivery(row: Delivery) -> dict[str, Any]:
    return {
        "endpoint": row.endpoint,
        "state": row.state,
        "sequence": row.sequence,
        "since": row.since,
        "attempts": row.attempts,
        "next_attempt": row.due,
        "done": row.done,
        "problem": row.problem,
    }


def _body(event: Happened, row: Delivery) -> str | None:
    if row.sequence is None:
        return None
    return body_of(event.uid, event.name, event.data, event.at, row.sequence).decode("ascii")
