"""Who gets no copy of a post is told of when it begins; who has written it never is."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from outgoing import notices, post

from mailman_pgp.delivery import ledger
from mailman_pgp.events.kinds import MemberSkippedEvent
from mailman_pgp.events.skipping import NAMED_AT_MOST, notify_of_skipped
from mailman_pgp.model.tables import Skipped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conftest import Members
    from sqlalchemy.orm import Session
    from written import Written

ANT, ANNE, BART = "ant.example.com", "anne@example.com", "bart@example.com"


def one(address: str, reason: str) -> MemberSkippedEvent:
    return MemberSkippedEvent(ANT, reason, 1, address)


def crowd(number: int, reason: str = "no-certificate") -> dict[str, str]:
    return {f"p{each}@example.com": reason for each in range(number)}


@pytest.mark.usefixtures("store")
def test_when_it_begins(heard: list[Any]) -> None:
    """Not for each post; again for another reason, and when it begins once more."""
    for _ in range(3):
        ledger.skipped(ANT, {ANNE: "expired", BART: "digest-mode"})
    assert heard == [one(ANNE, "expired"), one(BART, "digest-mode")]
    heard.clear()
    ledger.skipped(ANT, {ANNE: "revoked", BART: "digest-mode"})
    assert heard == [one(ANNE, "revoked")]
    heard.clear()
    ledger.served(ANT, [ANNE])
    ledger.skipped(ANT, {ANNE: "revoked", BART: "digest-mode"})
    assert heard == [one(ANNE, "revoked")]


@pytest.mark.usefixtures("store")
def test_notices_tell_nothing(heard: list[Any]) -> None:
    """Core answers some posts; of whom the answer can't reach is told with the next post to all, be it for the same reason."""
    ledger.skipped(ANT, {ANNE: "expired"}, posts=0)
    assert heard == []
    ledger.skipped(ANT, {ANNE: "expired", BART: "expired"})
    assert heard == [one(ANNE, "expired"), one(BART, "expired")]
    heard.clear()
    ledger.skipped(ANT, {ANNE: "revoked"}, posts=0)
    ledger.skipped(ANT, {ANNE: "revoked", BART: "expired"})
    assert heard == [one(ANNE, "revoked")]


def test_notices_are_no_posts(store: Session) -> None:
    """The ledger counts the posts that somebody has missed for the present reason."""
    for posts in (0, 1, 1, 0):
        ledger.skipped(ANT, {ANNE: "expired"}, posts=posts)
    assert [row.posts for row in store.query(Skipped)] == [2]
    ledger.skipped(ANT, {ANNE: "revoked"})
    assert [row.posts for row in store.query(Skipped)] == [1]


@pytest.mark.usefixtures("store")
def test_many(heard: list[Any]) -> None:
    """One event for each reason, with how many it is about; REST knows who."""
    reasons = crowd(NAMED_AT_MOST) | {BART: "expired"}
    ledger.skipped(ANT, reasons)
    assert heard == [
        MemberSkippedEvent(ANT, "no-certificate", NAMED_AT_MOST, None),
        MemberSkippedEvent(ANT, "expired", 1, None),
    ]
    heard.clear()
    ledger.skipped(ANT, reasons)
    assert heard == []


@contextmanager
def counted(core: Any) -> Iterator[list[str]]:
    """The statements that the database gets meanwhile."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        seen.append(statement)

    sa.event.listen(core.db.engine, "before_cursor_execute", note)
    yield seen
    sa.event.remove(core.db.engine, "before_cursor_execute", note)


@pytest.mark.usefixtures("written")
def test_number_of_queries(core: Any, store: Session) -> None:
    """It does not grow with the members who are skipped, and is nothing where nothing begins."""
    numbers = []
    for many in (NAMED_AT_MOST + 1, 500):
        with counted(core) as statements:
            notify_of_skipped(ANT, crowd(many))
        numbers.append(len(statements))
        store.commit()
    assert numbers[0] == numbers[1] > 0
    with counted(core) as statements:
        notify_of_skipped(ANT, {})
    assert statements == []


def deliver(mlist: Any, people: list[str]) -> None:
    from mailman_pgp.delivery import deliver as through_the_door  # noqa: PLC0415 - core must be initialised

    through_the_door(mlist, *post(mlist, people))


def test_a_post(encrypted: Any, store: Session, heard: list[Any], written: Written) -> None:
    """What is told is the list, the reason and the member who was skipped: nothing of the post, and not who wrote it."""
    heard.clear()
    deliver(encrypted, [BART])  # by Anne, see `post`
    assert heard == [one(BART, "no-certificate")]
    data = {"list_id": ANT, "reason": "no-certificate", "count": 1, "address": BART}
    assert written.rows() == [("MemberSkippedEvent", ANT, data)]
    store.rollback()
    assert len(written.rows()) == 1  # the delivery has committed it
    assert notices() == [("skipped", BART)]


def test_what_core_answers_an_author(encrypted: Any, heard: list[Any]) -> None:
    """Where the answer to a post can't be encrypted to its author, nobody hears of it at that moment; with the next post they do."""
    from mailman.email.message import UserNotification  # noqa: PLC0415 - core must be initialised

    from mailman_pgp.delivery import deliver as through_the_door  # noqa: PLC0415

    heard.clear()
    answer = UserNotification(BART, encrypted.owner_address, "Held", "The text.", encrypted.preferred_language)
    through_the_door(encrypted, answer, {"recipients": [BART], "listid": ANT})
    assert notices() == [("waiting", BART)]
    assert heard == []
    deliver(encrypted, [BART])
    assert heard == [one(BART, "no-certificate")]


def test_a_subscriber_that_raises_costs_no_post(encrypted: Any, store: Session, heard: list[Any]) -> None:
    """It is recorded who was skipped, and they are told."""
    from zope.event import subscribers  # noqa: PLC0415 - core must be initialised

    def fail(_event: object) -> None:
        raise RuntimeError("for a test")

    heard.clear()
    subscribers.insert(0, fail)
    try:
        deliver(encrypted, [BART])
    finally:
        subscribers.remove(fail)
    assert heard == [one(BART, "no-certificate")]
    assert [row.address for row in store.query(Skipped)] == [BART]
    assert notices() == [("skipped", BART)]


def test_author_who_has_chosen_digests(encrypted: Any, members: Members, heard: list[Any]) -> None:
    """They are told of with the first post, as all others who have, though they want none of their own."""
    from mailman.interfaces.member import DeliveryMode  # noqa: PLC0415 - core must be initialised

    from mailman_pgp.handlers.recipients import Recipients  # noqa: PLC0415

    for address in (ANNE, BART):
        preferences = members.add(encrypted, address).preferences
        preferences.delivery_mode, preferences.receive_own_postings = DeliveryMode.mime_digests, False
    heard.clear()
    encrypted.digests_enabled = False
    msg, msgdata = post(encrypted, [])  # by Anne
    Recipients().process(encrypted, msg, msgdata)
    assert heard == [one(ANNE, "digest-mode"), one(BART, "digest-mode")]
    assert msgdata["recipients"] == []
