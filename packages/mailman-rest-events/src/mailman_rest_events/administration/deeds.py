"""What operators do about deliveries: send them again, give them up, and start an endpoint that was stopped."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mailman.config import config
from sqlalchemy import func, or_, select, update

from mailman_plugin_kit.database import now, store
from mailman_rest_events import site
from mailman_rest_events.administration.mistakes import (
    MistakeError,
    NothingThereError,
    no_such_endpoint,
    no_such_event,
)
from mailman_rest_events.administration.overview import is_known
from mailman_rest_events.administration.texts import is_storable
from mailman_rest_events.model.tables import Course, Delivery, Happened
from mailman_rest_events.outbox.states import State

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy import ColumnElement

# So many rows take a tenth of a second.
_AT_ONCE = 2000
#: What can be sent again; the rest is sent anyhow.
REPLAYABLE = (State.DELIVERED, State.PARKED, State.SKIPPED, State.ASIDE)
#: What can be given up.
SKIPPABLE = (State.WAITING, State.CLAIMED, State.ASIDE, State.PARKED)


@dataclass(frozen=True, slots=True)
class Which:
    """Which deliveries are meant: those that fit all that is given.

    :ivar events: IDs of events.
    :ivar first: The least number, of one endpoint.
    :ivar last: The greatest one.
    :ivar everything: All of an endpoint, where nothing else is given.
    """

    endpoint: str | None = None
    events: tuple[str, ...] = ()
    first: int | None = None
    last: int | None = None
    state: State | None = None
    everything: bool = False


@dataclass(frozen=True, slots=True)
class Done:
    """What was done.

    :ivar deliveries: To so many.
    :ivar started: The names of endpoints that were stopped, and are not any more.
    """

    deliveries: int
    started: tuple[str, ...] = ()


def replay(which: Which) -> Done:
    """Have deliveries sent again, with the same IDs and new numbers; the caller commits, and of many some are committed before.

    :raises MistakeError: when it is not clear which, or there is nothing to send again.
    """
    if which.endpoint is not None and which.endpoint not in site.endpoints():
        raise no_such_endpoint(which.endpoint)
    meant = [*_meant(which, REPLAYABLE), Delivery.endpoint.in_(site.endpoints())]
    names = store().scalars(select(Delivery.endpoint).where(*meant).distinct()).all()
    number = _change(
        meant,
        {
            "state": State.WAITING.value,
            "sequence": None,
            "since": now(),
            "attempts": 0,
            "due": None,
            "done": None,
            "problem": "",
        },
    )
    if not number:
        raise NothingThereError(
            "Nothing there to send again: only what was delivered, parked, skipped or put aside, for an endpoint that has a "
            "section. What waits is sent anyhow. `mailman events list` shows what there is."
        )
    return Done(number, tuple(name for name in sorted(names) if start_again(name)))


def skip(which: Which) -> Done:
    """Give deliveries up, for endpoints that are in no section any more, too; the caller commits, as above.

    :raises MistakeError: when it is not clear which, or there is nothing to give up.
    """
    if which.endpoint is not None and not is_known(which.endpoint):
        raise no_such_endpoint(which.endpoint)
    number = _change(_meant(which, SKIPPABLE), {"state": State.SKIPPED.value, "due": None, "done": now()})
    if not number:
        raise NothingThereError(
            "Nothing there to skip: only what waits, was put aside, or is parked. `mailman events list` shows what there is."
        )
    return Done(number)


def start_again(name: str) -> bool:
    """Have an endpoint's events sent at once, whatever it answered before; whether it was stopped.  The caller commits."""
    course = store().get(Course, name, populate_existing=True)
    if course is None:
        return False
    was_stopped = bool(course.stopped)
    course.stopped, course.due, course.failures = "", None, 0
    return was_stopped


def _meant(which: Which, allowed: Collection[State]) -> list[ColumnElement[bool]]:
    """The conditions by which rows are chosen; raises MistakeError."""
    numbered = which.first is not None or which.last is not None
    if not (which.events or numbered or which.state or which.everything):
        raise MistakeError("Say which: by the IDs of events, by numbers, by a state, or all.")
    if which.endpoint is None and (numbered or (which.everything and not which.events)):
        raise MistakeError("Name the endpoint, too: each has numbers of its own, and all of all is too much at once.")
    if which.first is not None and which.last is not None and which.first > which.last:
        raise MistakeError("The first number is greater than the last one. Turn them round.")
    if which.state is not None and which.state not in allowed:
        raise MistakeError(f"What is {which.state} can't be. The states are: {', '.join(allowed)}.")
    states = [which.state] if which.state else allowed
    conditions: list[ColumnElement[bool]] = [Delivery.state.in_([state.value for state in states])]
    if which.endpoint is not None:
        conditions.append(Delivery.endpoint == which.endpoint)
    if which.events:
        _all_there(which.events)
        conditions.append(Delivery.event.in_(which.events))
    if which.first is not None:
        conditions.append(Delivery.sequence >= which.first)
    if which.last is not None:
        conditions.append(Delivery.sequence <= which.last)
    return conditions


def _all_there(events: Collection[str]) -> None:
    there = set(store().scalars(select(Happened.uid).where(Happened.uid.in_(filter(is_storable, events)))))
    for uid in events:
        if uid not in there:
            raise no_such_event(uid)


def _change(meant: list[ColumnElement[bool]], values: dict[str, Any]) -> int:
    """Change rows, and return how many; the caller commits the last of them."""
    # What is delivered or given up meanwhile has had its turn.
    meant = [*meant, or_(Delivery.done.is_(None), Delivery.done <= now())]
    least, greatest = store().execute(select(func.min(Delivery.id), func.max(Delivery.id)).where(*meant)).one()
    number = uncommitted = 0
    for first in range(least, greatest + 1, _AT_ONCE) if least is not None else ():
        # In the order in which the sender changes them: two who lock the same rows in other orders wait for each other.
        some = select(Delivery.id).where(*meant, Delivery.id.between(first, first + _AT_ONCE - 1)).order_by(Delivery.id)
        if ids := store().scalars(some.with_for_update()).all():
            changing = update(Delivery).where(Delivery.id.in_(ids)).values(**values)
            store().execute(changing, execution_options={"synchronize_session": False})
        number, uncommitted = number + len(ids), uncommitted + len(ids)
        # Nobody else can write until then on SQLite, and the sender waits on PostgreSQL.
        if uncommitted >= _AT_ONCE:
            config.db.commit()
            uncommitted = 0
    return number
