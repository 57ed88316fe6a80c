"""Events are told in the transaction of the change; and who only looks on can't undo it."""

from __future__ import annotations

import logging
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from written import endpoint

from mailman_pgp.keys import journal
from mailman_pgp.keys.journal import Act, Actor, Door
from mailman_pgp.model.tables import KeyEvent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy.orm import Session
    from written import Written

ANT, ANNE = "ant.example.com", "anne@example.com"
BY_REST = Actor(Door.REST, "olga@example.com")


def nothing(_event: Any) -> None:
    """Look on."""


def raises(event: Any) -> None:
    """Fail, with what nobody is to read in a log."""
    raise RuntimeError(f"canary {event}")


def breaks_the_transaction(_event: Any) -> None:
    """An error of the database's, kept to oneself: PostgreSQL would roll back at the next commit, and say nothing."""
    from mailman_pgp.model.database import store  # noqa: PLC0415 - core must be initialised

    with suppress(sa.exc.DBAPIError):
        store().execute(sa.text("SELECT canary FROM nonesuch"))


def breaks_the_session(_event: Any) -> None:
    """The same of what core's session was to write."""
    from mailman_pgp.model.database import store  # noqa: PLC0415 - core must be initialised

    store().add(KeyEvent(list_id="canary"))
    with suppress(sa.exc.IntegrityError):
        store().flush()


@pytest.fixture
def subscribe(core: Any) -> Iterator[Callable[[Callable[[Any], None]], None]]:  # noqa: ARG001 - core must be initialised
    """Subscribe to all events, in front of everybody else, until the test ends."""
    from zope.event import subscribers  # noqa: PLC0415 - core must be initialised

    before = list(subscribers)
    yield lambda subscriber: subscribers.insert(0, subscriber)
    subscribers[:] = before


def acts(store: Session) -> list[str]:
    store.expire_all()
    return [event.act.value for event in journal.of(ANT)]


@pytest.mark.parametrize("act", Act)
def test_each_act_is_told(store: Session, heard: list[Any], written: Written, act: Act) -> None:
    """In plain data, with the address as the journal has it; who did it is not."""
    journal.write(ANT, "Anne@Example.com", "AA", act, BY_REST, earlier="BB" if act is Act.CHANGED else "")
    store.commit()
    (event,) = heard
    (row,) = written.rows()
    data = {"list_id": ANT, "address": ANNE, "fingerprint": "AA", "door": "rest"}
    if act is Act.CHANGED:
        data["earlier"] = "BB"
    name = "KeyProvenEvent" if act is Act.PROVED else f"Key{act.value.capitalize()}Event"
    assert (type(event).__name__, row) == (name, (name, ANT, data))


def test_rolled_back(store: Session, heard: list[Any], written: Written) -> None:
    """Nobody is told of what did not happen; on both databases, though a savepoint of SQLite's may commit by itself."""
    journal.write(ANT, ANNE, "AA", Act.ADDED, BY_REST)
    assert len(heard) == len(written.rows()) == 1
    store.rollback()
    assert (written.rows(), acts(store)) == ([], [])


def test_rolled_back_when_nothing_was_written(store: Session, written: Written) -> None:
    """The same where the event comes before the first write of its transaction."""
    from mailman_pgp.events.kinds import KeyOfferedEvent  # noqa: PLC0415
    from mailman_pgp.events.notifying import notify  # noqa: PLC0415 - core must be initialised

    store.commit()
    notify(KeyOfferedEvent(ANT, ANNE, "AA", "proof"))
    assert written.names() == ["KeyOfferedEvent"]
    store.rollback()
    assert written.rows() == []


@pytest.mark.parametrize("subscriber", [nothing, raises])
def test_a_subscriber_that_raises(
    store: Session,
    written: Written,
    subscribe: Callable[[Callable[[Any], None]], None],
    caplog: pytest.LogCaptureFixture,
    subscriber: Callable[[Any], None],
) -> None:
    """The change is made, the others are told, and the log names the lines, without the error's text."""
    subscribe(subscriber)
    with caplog.at_level(logging.ERROR):
        journal.write(ANT, ANNE, "AA", Act.SUSPENDED, BY_REST)
    store.commit()
    assert (acts(store), written.names()) == (["suspended"], ["KeySuspendedEvent"])
    assert ("a subscriber to KeySuspendedEvent failed, as RuntimeError was raised at" in caplog.text) is (
        subscriber is raises
    )
    assert "canary" not in caplog.text
    assert ANNE not in caplog.text


@pytest.mark.parametrize("subscriber", [breaks_the_transaction, breaks_the_session])
def test_a_subscriber_that_breaks_the_transaction(
    store: Session,
    core: Any,
    subscribe: Callable[[Callable[[Any], None]], None],
    caplog: pytest.LogCaptureFixture,
    subscriber: Callable[[Any], None],
) -> None:
    """The change is committed all the same, on both databases, by core's own commit."""
    subscribe(subscriber)
    with caplog.at_level(logging.ERROR):
        journal.write(ANT, ANNE, "AA", Act.SUSPENDED, BY_REST)
        journal.write(ANT, ANNE, "AA", Act.RESUMED, BY_REST)
    core.db.commit()
    store.rollback()
    assert acts(store) == ["resumed", "suspended"]
    assert "canary" not in caplog.text
    if subscriber is breaks_the_session or store.get_bind().dialect.name == "postgresql":
        assert "of KeySuspendedEvent nobody was told, as" in caplog.text


def test_a_change_that_fails_is_not_a_subscribers_fault(store: Session, heard: list[Any]) -> None:
    """What can't be written raises as it would at the commit, and nobody is told."""
    with pytest.raises(sa.exc.IntegrityError):
        journal.write(ANT, ANNE, None, Act.ADDED, BY_REST)  # type: ignore[arg-type]  # the mistake
    store.rollback()
    assert heard == []


def test_a_list_that_an_endpoint_does_not_want(store: Session, written: Written) -> None:
    """Events are of their list, so an endpoint that wants another is not told."""
    import re  # noqa: PLC0415 - for this one

    written.endpoints[:] = [endpoint(lists=re.compile("bee.example.com"))]
    journal.write(ANT, ANNE, "AA", Act.ADDED, BY_REST)
    store.commit()
    assert written.rows() == []
