"""What was delivered is forgotten after a month, what nobody could deliver after three; a little at a time."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import delete, exists, select

from mailman_plugin_kit.database import now, store
from mailman_rest_events.model.tables import Delivery, Happened
from mailman_rest_events.outbox.states import State

if TYPE_CHECKING:
    import datetime as dt

    from sqlalchemy import Delete

#: How long what is done is kept for `replay`.
KEPT = timedelta(days=30)
#: How long what nobody could deliver, and what waits for an endpoint that is stopped, or not there any more.
KEPT_UNDELIVERED = timedelta(days=90)
_EVERY = timedelta(hours=6)
# Nobody else can write while rows are removed on SQLite; so many take some hundredths of a second.
_MOST = 500


def prune(at: dt.datetime) -> int:
    """Remove some of what is old at that time; how many deliveries: 0 where there is nothing left.  The caller commits."""
    under_way = [State.WAITING.value, State.CLAIMED.value, State.ASIDE.value]
    # By the time when they were done, of which there is an index; what is parked is few among them.
    delivered = Delivery.done < at - KEPT, Delivery.state != State.PARKED.value
    parked = (Delivery.done < at - KEPT_UNDELIVERED,)
    left = Delivery.state.in_(under_way), Delivery.since < at - KEPT_UNDELIVERED
    for old in (delivered, parked, left):
        # What somebody sends again just now is theirs, and not waited for.
        query = select(Delivery.id, Delivery.event).where(*old).limit(_MOST).with_for_update(skip_locked=True)
        if found := store().execute(query).all():
            _delete(delete(Delivery).where(Delivery.id.in_([row.id for row in found])))
            of_none = ~exists().where(Delivery.event == Happened.uid)
            _delete(delete(Happened).where(Happened.uid.in_({row.event for row in found}), of_none))
            return len(found)
    return 0


def _delete(statement: Delete) -> None:
    store().execute(statement, execution_options={"synchronize_session": False})


class Pruning:
    """Prunes now and again."""

    def __init__(self) -> None:
        self._next: dt.datetime | None = None

    def when_due(self) -> None:
        """Prune some where it is time, and go on with the next call until nothing old is left; the caller commits."""
        at = now()
        if (self._next is None or self._next <= at) and not prune(at):
            self._next = at + _EVERY
