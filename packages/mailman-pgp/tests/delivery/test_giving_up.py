"""What can't be sent is given up by us, with a trace, and never by core, which leaves none."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pytest
from outgoing import encrypt, enqueue, notices, run, waiting
from scripted import DEFAULT, PIPELINING

from mailman_pgp.delivery import patience
from mailman_pgp.model.database import now
from mailman_pgp.model.tables import Delivery, Dropped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from scripted import ScriptedServer, Visit
    from sqlalchemy.orm import Session

pytestmark = pytest.mark.usefixtures("healthy")
ANNE, BART = PEOPLE = ["anne@example.com", "bart@example.com"]
OWNER = "ant-owner@example.com"
LARGE = b"Content-Type: text/plain\r\n\r\n" + b"kestrel\r\n" * 1000


def refusing_bart(reply: bytes) -> Callable[[Visit, str, bytes], bytes]:
    """A server that says `reply` to bart's address."""
    return lambda _visit, verb, line: reply if verb == "RCPT" and b"bart@" in line else DEFAULT


def without_a_copy(store: Session) -> list[tuple[str, str, str]]:
    """What is recorded of those who got nothing."""
    return sorted((row.kind, row.recipient, row.reason) for row in store.query(Dropped))


def last_post(store: Session) -> tuple[int, int, bool]:
    """Delivered, failed, and whether that is the end."""
    (row,) = store.query(Delivery)
    return row.delivered, row.failed, row.complete


def bounces(store: Session) -> int:
    """How many bounces core has counted."""
    from mailman.model.bounce import BounceEvent  # noqa: PLC0415 - core must be initialised

    return store.query(BounceEvent).count()


@pytest.fixture
def impatient(core: Any) -> Iterator[None]:
    """Core gives up at the second attempt."""
    core.push("impatient", "[mta]\ndelivery_retry_period: 0d\n")
    yield
    core.pop("impatient")


@pytest.mark.parametrize("announced", [True, False], ids=["announced", "after-data"])
def test_a_post_larger_than_the_mail_server_takes(
    mlist: Any,
    mta: ScriptedServer,
    store: Session,
    announced: bool,  # noqa: FBT001 - two cases
) -> None:
    """It is not tried again; author and owners are told, each member is recorded, and nobody's score grows."""
    encrypt(mlist, PEOPLE)
    if announced:
        mta.script.features = ("PIPELINING", "SIZE 1000")
    else:
        mta.script.answer = lambda _v, verb, _l: b"552 5.3.4 Too large\r\n" if verb == "." else DEFAULT
    enqueue(mlist, PEOPLE, content=LARGE)
    run()
    assert (mta.recipients, waiting()) == ([], {})
    assert without_a_copy(store) == [
        *(("copy", person, "too-large-for-server") for person in PEOPLE),
        ("post", ANNE, "too-large-for-server"),
    ]
    assert last_post(store) == (0, 2, True)
    assert notices() == [("too-large", ANNE), ("undelivered", OWNER)]
    assert bounces(store) == 0


def test_large_mail_to_the_owners(core: Any, mlist: Any, mta: ScriptedServer) -> None:
    """Its sender may be anybody, and is told so often a day as core answers; the owners are told each time."""
    encrypt(mlist, PEOPLE)
    mta.script.features = ("PIPELINING", "SIZE 1000")
    for _ in range(3):
        enqueue(mlist, PEOPLE, content=LARGE, kind="owner")
    core.push("shy", "[mta]\nmax_autoresponses_per_day: 2\n")
    run()
    core.pop("shy")
    told = notices()
    assert (told.count(("too-large", ANNE)), told.count(("undelivered", OWNER))) == (2, 3)


@pytest.mark.usefixtures("impatient")
def test_a_member_who_is_refused_for_now_again_and_again(mlist: Any, mta: ScriptedServer, store: Session) -> None:
    """In the end the member and the owners are told, and it is recorded; the same week nobody is told of the next post."""
    encrypt(mlist, PEOPLE)
    mta.script.answer = refusing_bart(b"450 4.2.1 Later\r\n")
    enqueue(mlist, PEOPLE)
    run()
    assert (mta.recipients, waiting(), last_post(store)) == ([ANNE], {"retry": 1}, (1, 1, False))
    run("retry")
    run()
    assert waiting() == {}
    assert without_a_copy(store) == [("copy", BART, "given-up")]
    assert last_post(store) == (1, 1, True)
    assert notices() == [("missed", BART), ("undelivered", OWNER)]
    enqueue(mlist, PEOPLE)
    for queue in ("out", "retry", "out"):
        run(queue)
    assert mta.recipients == [ANNE, ANNE]
    assert (waiting(), len(without_a_copy(store)), notices(), bounces(store)) == ({}, 2, [], 0)


def test_a_full_mailbox_is_no_large_message(mlist: Any, mta: ScriptedServer, store: Session) -> None:
    """552 may also say that the recipient has no room at present."""
    encrypt(mlist, PEOPLE)
    mta.script.answer = refusing_bart(b"552 5.2.2 Mailbox full\r\n")
    enqueue(mlist, PEOPLE)
    run()
    assert (waiting(), without_a_copy(store), notices()) == ({"retry": 1}, [], [])


@pytest.mark.usefixtures("impatient")
def test_a_server_that_is_away_costs_no_patience(mlist: Any, mta: ScriptedServer, store: Session) -> None:
    """However often nobody listens, the post waits."""
    encrypt(mlist, PEOPLE)
    mta.script.greeting = b"554 go away\r\n"
    enqueue(mlist, PEOPLE)
    for queue in ("out", "retry", "out", "retry", "out"):
        run(queue)
    assert waiting() == {"retry": 1}
    mta.script.greeting = b"220 ready\r\n"
    run("retry")
    run()
    assert (mta.recipients, waiting(), without_a_copy(store)) == (PEOPLE, {}, [])


@pytest.mark.usefixtures("core")
def test_time_counts_where_it_was_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Five days of attempts are the end: neither a clock set ahead, nor one set back, nor a machine that was off."""
    at, msgdata = now(), {}

    def after(**passed: int) -> bool:
        nonlocal at
        at += dt.timedelta(**passed)
        return patience.attempted(msgdata, 1)

    monkeypatch.setattr(patience, "now", lambda: at)
    assert after()
    assert after(days=400)
    assert after(days=-400)
    assert all(after(minutes=15) for _ in range(4 * 24 * 5 - 4))
    assert not after(minutes=15)


@pytest.mark.usefixtures("core")
def test_who_got_a_copy_gives_the_others_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """As with core: while it goes on, nobody is given up."""
    at, msgdata = now(), {}
    monkeypatch.setattr(patience, "now", lambda: at)
    for left in range(200, 1, -1):
        assert patience.attempted(msgdata, left)
        at += dt.timedelta(hours=1)


@pytest.mark.usefixtures("impatient")
def test_a_notice_that_nobody_takes(mlist: Any, mta: ScriptedServer, store: Session) -> None:
    """It is recorded, and makes no other notice."""
    from mailman.config import config  # noqa: PLC0415 - core must be initialised

    from mailman_pgp.notices.unsent import send_waiting  # noqa: PLC0415

    encrypt(mlist, PEOPLE)
    mta.script.features = PIPELINING
    mta.script.answer = refusing_bart(b"450 4.2.1 Later\r\n")
    send_waiting(mlist, BART)
    (name,) = config.switchboards["virgin"].files
    config.switchboards["out"].enqueue(*config.switchboards["virgin"].dequeue(name))
    config.switchboards["virgin"].finish(name)
    for queue in ("out", "retry", "out"):
        run(queue)
    assert (waiting(), notices()) == ({}, [])
    assert without_a_copy(store) == [("notice", BART, "given-up")]
