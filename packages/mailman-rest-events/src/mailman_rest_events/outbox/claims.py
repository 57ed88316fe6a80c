"""What the one sender takes out of the outbox, and what it writes down about it.

Rows are numbered when they are claimed, by one process, in the order in which their transactions were committed as far as that
process can see it: the numbers that a database gives by itself are given before the commit, and a smaller one may appear later.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, or_, select, update

from mailman_plugin_kit.database import now, store
from mailman_rest_events.model.tables import Course, Delivery, Happened
from mailman_rest_events.outbox.states import State
from mailman_rest_events.sending import schedule
from mailman_rest_events.sending.line import Item

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Collection, Iterable

    from sqlalchemy import ColumnElement

    from mailman_rest_events.sending.line import Line, Step

_DONE = frozenset({State.DELIVERED, State.PARKED, State.SKIPPED})
# What an operator has skipped meanwhile stays skipped.
_UNDER_WAY = or_(Delivery.state == State.CLAIMED.value, Delivery.state == State.ASIDE.value)
# A sentence about an endpoint is short; a peer's words are never in it.
_MAX_PROBLEM = 300


def course(endpoint: str) -> Course:
    """How it goes with an endpoint; made when there is none yet.  The caller commits."""
    found = store().get(Course, endpoint)
    if found is None:
        found = Course(name=endpoint, sequence=0, stopped="", failures=0, problem="")
        store().add(found)
        store().flush()
    return found


def waiting(endpoints: Collection[str]) -> set[str]:
    """Those of the endpoints for which something was written down that is not numbered yet."""
    query = select(Delivery.endpoint).where(Delivery.endpoint.in_(endpoints), Delivery.state == State.WAITING.value)
    return set(store().scalars(query.distinct()))


def number(endpoint: str, most: int) -> int:
    """Number what waits for an endpoint, the earliest first, and return how many.  The caller commits."""
    query = select(Delivery.id).where(Delivery.endpoint == endpoint, Delivery.state == State.WAITING.value)
    found = store().scalars(query.order_by(Delivery.id).limit(most)).all()
    if not found:
        return 0
    last = course(endpoint)
    rows = [
        {"row": row, "number": last.sequence + count, "claimed": State.CLAIMED.value}
        for count, row in enumerate(found, start=1)
    ]
    _many(
        update(Delivery)
        .where(Delivery.id == bindparam("row"))
        .values(sequence=bindparam("number"), state=bindparam("claimed")),
        rows,
    )
    last.sequence += len(rows)
    return len(rows)


def claimed(endpoint: str, after: int, most: int) -> list[Item]:
    """What is numbered and not done yet, with numbers greater than `after`, in their order."""
    return _items(
        select(Delivery, Happened)
        .join(Happened, Happened.uid == Delivery.event)
        .where(
            Delivery.endpoint == endpoint,
            Delivery.state == State.CLAIMED.value,
            Delivery.sequence > after,
        )
        .order_by(Delivery.sequence)
        .limit(most)
    )


def aside(endpoint: str, most: int) -> list[Item]:
    """What was put aside and is due."""
    return _items(
        select(Delivery, Happened)
        .join(Happened, Happened.uid == Delivery.event)
        .where(Delivery.endpoint == endpoint, Delivery.state == State.ASIDE.value, _is_due())
        .order_by(Delivery.due)
        .limit(most)
    )


def _is_due() -> ColumnElement[bool]:
    # As `schedule.is_due`.
    at = now()
    return or_(Delivery.due <= at, Delivery.due > at + schedule.LONGEST)


def skipped(ids: Collection[int]) -> set[int]:
    """Those of some rows that are not under way any more."""
    left = set(store().scalars(select(Delivery.id).where(Delivery.id.in_(ids), _UNDER_WAY)))
    return set(ids) - left


def record(steps: Iterable[Step]) -> None:
    """Write down what has become of events.  The caller commits."""
    at = now()
    alike: dict[tuple[State, int, dt.datetime | None, str], list[int]] = {}
    for step in steps:
        alike.setdefault((step.state, step.item.attempts, step.due, step.problem[:_MAX_PROBLEM]), []).append(
            step.item.id
        )
    for (state, attempts, due, problem), ids in alike.items():
        done = at if state in _DONE else None
        store().execute(
            update(Delivery)
            .where(Delivery.id.in_(ids), _UNDER_WAY)
            .values(state=state.value, attempts=attempts, due=due, done=done, problem=problem),
            execution_options={"synchronize_session": False},
        )


def record_course(endpoint: str, line: Line, *, delivered: dt.datetime | None, failed: dt.datetime | None) -> None:
    """Write down how it goes with an endpoint.  The caller commits."""
    row = course(endpoint)
    row.failures, row.due, row.problem, row.stopped = line.failures, line.due, line.problem[:_MAX_PROBLEM], line.stopped
    row.delivered = delivered or row.delivered
    row.failed = failed or row.failed


def _many(statement: Any, rows: list[dict[str, Any]]) -> None:
    # By the connection: the session's own way for many rows wants primary keys and keeps objects in step.
    store().flush()
    store().connection().execute(statement, rows)


def _items(query: Any) -> list[Item]:
    return [
        Item(row.id, event.uid, row.sequence, event.name, event.data, event.at, row.since, row.attempts)
        for row, event in store().execute(query.execution_options(populate_existing=True))
    ]
