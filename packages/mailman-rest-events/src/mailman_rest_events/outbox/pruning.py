"""What was delivered is forgotten after a month, what nobody could deliver after three."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import delete, exists, select

from mailman_plugin_kit.database import now, store
from mailman_rest_events.model.tables import Delivery, Happened
from mailman_rest_events.outbox.states import State

if TYPE_CHECKING:
    import datetime as dt

    from sqlalchemy import ColumnElement, Delete

#: How long what is done is kept for `replay`, and how long what waits for an endpoint that is stopped, or not there any more.
KEPT = {
    State.DELIVERED: timedelta(days=30),
    State.SKIPPED: timedelta(days=30),
    State.PARKED: timedelta(days=90),
}
WAITS = timedelta(days=90)
_EVERY = timedelta(hours=6)


def prune(at: dt.datetime) -> None:
    """Remove what is old; the caller commits."""
    for state, kept in KEPT.items():
        _remove(Delivery.state == state.value, Delivery.done < at - kept)
    under_way = [state.value for state in State if state not in KEPT]
    _remove(Delivery.state.in_(under_way), Delivery.since < at - WAITS)
    left = ~exists(select(Delivery.id).where(Delivery.event == Happened.uid))
    _delete(delete(Happened).where(Happened.at < at - min(KEPT.values()), left))


def _remove(*conditions: ColumnElement[bool]) -> None:
    _delete(delete(Delivery).where(*conditions))


def _delete(statement: Delete) -> None:
    store().execute(statement, execution_options={"synchronize_session": False})


class Pruning:
    """Prunes now and again."""

    def __init__(self) -> None:
        self._next: dt.datetime | None = None

    def when_due(self) -> None:
        """Prune where it is time; the caller commits."""
        at = now()
        if self._next is None or self._next <= at:
            self._next = at + _EVERY
            prune(at)
