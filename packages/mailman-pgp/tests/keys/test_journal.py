"""Who did what about which key is kept for three years."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from mailman_pgp.keys import journal
from mailman_pgp.keys.journal import Act, Actor, Door
from mailman_pgp.model.database import now
from mailman_pgp.model.tables import KeyEvent

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

ANT, BEE, ANNE, OLGA = "ant.example.com", "bee.example.com", "anne@example.com", "olga@example.com"

pytestmark = pytest.mark.usefixtures("store")


def test_one_list_and_one_address() -> None:
    """The latest first; of one list alone, and whatever the case of an address."""
    journal.write(ANT, "Anne@Example.com", "AA", Act.ADDED, Actor(Door.MAIL, "Olga@Example.com"))
    journal.write(BEE, ANNE, "AA", Act.ADDED, Actor(Door.REST))
    journal.write(ANT, ANNE, "BB", Act.CHANGED, Actor(Door.COMMAND_LINE), earlier="AA")
    journal.write(ANT, OLGA, "CC", Act.ADDED, Actor(Door.COMMAND_LINE))
    latest, first = journal.of(ANT, "ANNE@example.com")
    assert (latest.act, latest.fingerprint, latest.earlier, latest.by) == (Act.CHANGED, "BB", "AA", "")
    assert (first.act, first.address, first.door, first.by) == (Act.ADDED, ANNE, Door.MAIL, OLGA)
    assert len(journal.of(ANT)) == 3
    assert journal.of(ANT, limit=1)[0].address == OLGA


def test_last() -> None:
    """Of one act and one certificate."""
    for by in ("first@example.com", "second@example.com"):
        journal.write(ANT, ANNE, "AA", Act.COMPARED, Actor(Door.REST, by))
    journal.write(ANT, ANNE, "AA", Act.SUSPENDED, Actor(Door.REST, OLGA))
    found = journal.last(ANT, ANNE, "AA", Act.COMPARED)
    assert found is not None
    assert found.by == "second@example.com"
    assert journal.last(ANT, ANNE, "BB", Act.COMPARED) is None
    assert journal.last(BEE, ANNE, "AA", Act.COMPARED) is None


def test_prune(store: Session) -> None:
    """What is older goes, what is younger stays."""
    journal.write(ANT, ANNE, "AA", Act.ADDED, Actor(Door.REST))
    journal.write(ANT, ANNE, "AA", Act.SUSPENDED, Actor(Door.REST))
    store.flush()
    old, young = store.query(KeyEvent).order_by(KeyEvent.id)
    old.at, young.at = now() - journal.KEPT - timedelta(hours=1), now() - journal.KEPT + timedelta(hours=1)
    store.commit()
    journal.prune()
    assert [event.act for event in journal.of(ANT)] == [Act.SUSPENDED]


def test_nothing_to_tell_costs_nothing(store: Session) -> None:
    """What is to be told is looked for at each turn of a runner, so it is found without reading all that was ever done."""
    if store.get_bind().dialect.name != "sqlite":
        pytest.skip("PostgreSQL plans by what is in the table.")
    asked = []

    def listen(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_more: Any) -> None:
        asked.append((statement, parameters))

    connection = store.connection()
    sa.event.listen(connection, "before_cursor_execute", listen)
    assert journal.take(now()) == {}
    sa.event.remove(connection, "before_cursor_execute", listen)
    (query,) = asked
    (plan,) = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {query[0]}", query[1]).all()
    assert "USING INDEX ix_pgp_key_event_tell_at" in plan.detail


def test_taken_in_their_order() -> None:
    """Those that have waited the longest, in the order in which they were done."""
    for number in range(150):
        journal.write(ANT, ANNE, f"{number}", Act.UPDATED, Actor(Door.REST), to_tell=True)
    at = now()
    first, second = journal.take(at), journal.take(at)
    assert [event.fingerprint for event in (*first.values(), *second.values())] == [
        f"{number}" for number in range(150)
    ]
    assert journal.take(at) == {}
