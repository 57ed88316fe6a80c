"""Who did what about which key is kept for three years."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

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
