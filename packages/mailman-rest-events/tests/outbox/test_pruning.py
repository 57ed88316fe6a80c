"""What is old is removed, a little at a time, and nothing else."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pytest
from standing import Outbox

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

DAY = dt.timedelta(days=1)


@pytest.fixture
def pruning(core: Any, monkeypatch: pytest.MonkeyPatch) -> Any:  # noqa: ARG001 - core must be initialised
    """So that two rows are many."""
    from mailman_rest_events.outbox import pruning  # noqa: PLC0415

    monkeypatch.setattr(pruning, "_MOST", 2)
    return pruning


@pytest.fixture
def outbox(store: Session) -> Outbox:
    return Outbox(store)


def put(outbox: Outbox, state: str, days: float, *endpoints: str, number: int = 1) -> list[str]:
    """Events that were written down so many days ago, and are done since, where they are done."""
    from mailman_plugin_kit.database import now  # noqa: PLC0415 - core must be initialised

    done = now() - days * DAY if state in {"delivered", "skipped", "parked"} else None
    return outbox.put(number, *endpoints, ago=days * DAY.total_seconds(), state=state, done=done)


def left(outbox: Outbox) -> set[str]:
    """The IDs of the events that are still known."""
    from mailman_rest_events.model.tables import Happened  # noqa: PLC0415 - core must be initialised

    outbox.store.rollback()
    return {row.uid for row in outbox.store.query(Happened)}


def prune_all(pruning: Any, outbox: Outbox) -> list[int]:
    """How many went at each time."""
    from mailman_plugin_kit.database import now  # noqa: PLC0415 - core must be initialised

    found = []
    while not found or found[-1]:
        found.append(pruning.prune(now()))
        outbox.store.commit()
    return found


@pytest.mark.parametrize(
    ("state", "days"),
    [("delivered", 30), ("skipped", 30), ("parked", 90), ("waiting", 90), ("claimed", 90), ("aside", 90)],
)
def test_age(outbox: Outbox, pruning: Any, state: str, days: int) -> None:
    """What is a day too old is removed with its event, what is a day younger is kept."""
    put(outbox, state, days + 1)
    young = put(outbox, state, days - 1)
    assert prune_all(pruning, outbox) == [1, 0]
    assert left(outbox) == set(young)
    assert [row.event for row in outbox.deliveries()] == young


def test_little_by_little(outbox: Outbox, pruning: Any) -> None:
    """Nobody waits for long: so many at most go at a time, and then the next ones."""
    put(outbox, "delivered", 31, number=5)
    put(outbox, "parked", 91)
    assert prune_all(pruning, outbox) == [2, 2, 1, 1, 0]
    assert left(outbox) == set()


def test_of_one_endpoint(outbox: Outbox, pruning: Any) -> None:
    """An event is known as long as one endpoint has not got it."""
    (uid,) = put(outbox, "delivered", 31, "web", "other")
    _, other = outbox.deliveries()
    other.state, other.done = "parked", other.done
    outbox.store.commit()
    assert prune_all(pruning, outbox) == [1, 0]
    assert left(outbox) == {uid}
    assert [row.endpoint for row in outbox.deliveries()] == ["other"]


def test_sent_again(outbox: Outbox, pruning: Any, core: Any) -> None:
    """What somebody sends again at this moment is left to them, and nobody waits for the other."""
    put(outbox, "delivered", 31)
    if core.db.engine.dialect.name == "sqlite":
        pytest.skip("One at a time writes there.")
    with core.db.engine.begin() as other:
        other.exec_driver_sql("UPDATE ev_delivery SET state = 'waiting', done = NULL")
        assert pruning.prune(dt.datetime.now(dt.UTC).replace(tzinfo=None)) == 0
        outbox.store.rollback()
    assert outbox.states() == {"waiting": 1}


def test_now_and_again(outbox: Outbox, pruning: Any) -> None:
    """Once nothing old is left, it is looked for again hours later only."""
    put(outbox, "delivered", 31, number=3)
    made = pruning.Pruning()
    for states in ({"delivered": 1}, {}, {}):
        made.when_due()
        outbox.store.commit()
        assert outbox.states() == states
    put(outbox, "delivered", 31)
    made.when_due()
    outbox.store.commit()
    assert outbox.states() == {"delivered": 1}
