"""Who has no copy of a post, and why, is written down with the post: nobody twice, and nothing of whoever has one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from outgoing import encrypt, enqueue, post, run, waiting
from queries import counted
from scripted import DEFAULT, PIPELINING

from mailman_pgp.delivery import ledger
from mailman_pgp.model import missed as missing
from mailman_pgp.model.database import now
from mailman_pgp.model.tables import Choice, Delivery, Skipped, StoredCertificate
from mailman_pgp.posts.record import Record

if TYPE_CHECKING:
    from collections.abc import Callable

    from scripted import ScriptedServer, Visit
    from sqlalchemy.orm import Session

pytestmark = pytest.mark.usefixtures("healthy")
ANNE, BART, CRIS, DORA, ELLA = PEOPLE = [f"{name}@example.com" for name in ("anne", "bart", "cris", "dora", "ella")]


def named(store: Session) -> dict[str, tuple[str, str]]:
    """Who is written down in any row, with the reason and the class of the mail server's answer."""
    store.rollback()
    return {
        address: (one.miss.reason, one.miss.answer)
        for row in store.query(Delivery)
        for address, one in missing.told(row.missed).items()
    }


def numbers(store: Session) -> tuple[int, int, int, int]:
    """Recipients, delivered, skipped, failed of the one chunk."""
    (row,) = store.query(Delivery)
    return row.recipients, row.delivered, row.skipped, row.failed


def refusing(replies: dict[str, bytes]) -> Callable[[Visit, str, bytes], bytes]:
    """A server that says such things to such people."""

    def answer(_visit: Visit, verb: str, line: bytes) -> bytes:
        found = [reply for address, reply in replies.items() if verb == "RCPT" and f"<{address}>".encode() in line]
        return found[0] if found else DEFAULT

    return answer


def forget(mlist: Any, store: Session, address: str) -> None:
    """Nothing counts for somebody any more."""
    store.query(Choice).filter_by(list_id=mlist.list_id, address=address).delete()
    store.commit()


def test_each_reason(mlist: Any, mta: ScriptedServer, store: Session) -> None:
    """No certificate, one that has expired, suspended, and refused for good; whoever has a copy is nowhere."""
    encrypt(mlist, PEOPLE)
    forget(mlist, store, BART)
    of_cris = store.query(Choice).filter_by(address=CRIS).one()
    store.query(StoredCertificate).filter_by(fingerprint=of_cris.fingerprint).update(
        {"usable": False, "problem": "expired", "usable_until": None, "judged": now()}
    )
    store.query(Choice).filter_by(address=DORA).one().state = "suspended"
    store.commit()
    mta.script.answer = refusing({ELLA: b"550 5.1.1 <ella@example.com> the kestrel is unknown\r\n"})
    enqueue(mlist, PEOPLE)
    run()
    assert mta.recipients == [ANNE]
    assert named(store) == {
        BART: ("no-certificate", ""),
        CRIS: ("expired", ""),
        DORA: ("suspended", ""),
        ELLA: ("refused", "5.1.1"),
    }
    (row,) = store.query(Delivery)
    assert "kestrel" not in row.missed
    assert numbers(store) == (5, 1, 3, 1)


def test_who_waits(mlist: Any, mta: ScriptedServer, store: Session, core: Any) -> None:
    """They are written down as waiting; then they have it and are not there, or are given up and are, each once."""
    encrypt(mlist, PEOPLE)
    forget(mlist, store, BART)
    mta.script.answer = refusing({CRIS: b"450 Later\r\n", DORA: b"451 4.7.1 Later\r\n"})
    enqueue(mlist, PEOPLE)
    run()
    first = {BART: ("no-certificate", ""), CRIS: ("waiting", "450"), DORA: ("waiting", "4.7.1")}
    assert named(store) == first
    assert numbers(store) == (5, 2, 1, 2)
    since = {address: one.since for address, one in missing.told(store.query(Delivery).one().missed).items()}
    mta.script.answer = refusing({DORA: b"451 4.7.1 Later\r\n"})
    core.push("impatient", "[mta]\ndelivery_retry_period: 0d\n")
    run("retry")
    run()
    assert named(store) == {BART: first[BART], DORA: first[DORA]}
    assert missing.told(store.query(Delivery).one().missed)[DORA].since == since[DORA]
    run("retry")
    run()
    core.pop("impatient")
    assert named(store) == {BART: first[BART], DORA: ("given-up", "4.7.1")}
    assert numbers(store) == (5, 3, 1, 1)
    assert waiting() == {}


def test_a_server_that_is_away(mlist: Any, mta: ScriptedServer, store: Session) -> None:
    """Everybody waits, and no answer is made up."""
    encrypt(mlist, [ANNE, BART])
    mta.script.greeting = b"554 go away\r\n"
    enqueue(mlist, [ANNE, BART])
    run()
    assert named(store) == {ANNE: ("waiting", ""), BART: ("waiting", "")}
    mta.script.greeting = b"220 ready\r\n"
    run("retry")
    run()
    assert named(store) == {}


def test_too_large(mlist: Any, mta: ScriptedServer, store: Session) -> None:
    """It says so of everybody, and blames nobody."""
    encrypt(mlist, [ANNE])
    mta.script.features = (*PIPELINING, "SIZE 10")
    enqueue(mlist, [ANNE])
    run()
    assert named(store) == {ANNE: ("too-large-for-server", "552")}


def test_an_attempt_that_is_repeated(mlist: Any, mta: ScriptedServer, store: Session) -> None:
    """A process that was killed after it had recorded the attempt, and before the queue knew, changes nothing by doing it again."""
    from mailman_pgp.delivery import deliver  # noqa: PLC0415 - core must be initialised

    encrypt(mlist, PEOPLE)
    forget(mlist, store, BART)
    mta.script.answer = refusing({CRIS: b"450 Later\r\n", DORA: b"550 5.1.1 No\r\n"})
    entry = post(mlist, PEOPLE)
    from mailman.interfaces.mta import SomeRecipientsFailed  # noqa: PLC0415 - core must be initialised

    for _ in range(2):
        with pytest.raises(SomeRecipientsFailed):
            deliver(mlist, entry[0], dict(entry[1]))
        assert named(store) == {
            BART: ("no-certificate", ""),
            CRIS: ("waiting", "450"),
            DORA: ("refused", "5.1.1"),
        }
        assert numbers(store) == (5, 2, 1, 2)
    assert mta.recipients == [ANNE, ELLA]


def test_nothing_more_where_everybody_has_it(mlist: Any, mta: ScriptedServer, store: Session) -> None:
    """As many statements as with somebody unserved but those about them, one row, and nothing in it."""
    from mailman_pgp.delivery import deliver  # noqa: PLC0415 - core must be initialised

    encrypt(mlist, PEOPLE)
    entry = post(mlist, PEOPLE)
    with counted() as statements:
        deliver(mlist, *entry)
    ours = [statement for statement in statements if "pgp_delivery" in statement]
    # Whether it is known, its row, and the writing of it; as before there was a record.
    assert [statement.split()[0] for statement in ours] == ["SELECT", "SELECT", "INSERT"]
    assert [row.missed for row in store.query(Delivery)] == [None]
    assert mta.recipients == PEOPLE


def by_anne(mlist: Any, members: Any, *people: str, own: bool) -> tuple[Any, dict[str, Any]]:
    """A post of Anne's to a list with these members, after its recipients were computed."""
    from mailman_pgp.handlers.recipients import Recipients  # noqa: PLC0415 - core must be initialised

    for address in people:
        members.add(mlist, address).preferences.receive_own_postings = own
    msg, msgdata = post(mlist, [])
    Recipients().process(mlist, msg, msgdata)
    return msg, msgdata


@pytest.mark.parametrize("usable", [True, False])
def test_an_author_who_wants_no_copy(
    mlist: Any,
    members: Any,
    mta: ScriptedServer,
    store: Session,
    usable: bool,  # noqa: FBT001 - two cases
) -> None:
    """They are sent none; and where none could be made they are written down and counted as for any other post."""
    from mailman_pgp.delivery import deliver  # noqa: PLC0415 - core must be initialised

    encrypt(mlist, [ANNE, BART] if usable else [BART])
    deliver(mlist, *by_anne(mlist, members, ANNE, BART, own=False))
    assert mta.recipients == [BART]
    if usable:
        assert (named(store), numbers(store)) == ({}, (1, 1, 0, 0))
    else:
        assert (named(store), numbers(store)) == ({ANNE: ("no-certificate", "")}, (2, 1, 1, 0))
        assert [row.posts for row in store.query(Skipped)] == [1]


def test_who_chose_digests(mlist: Any, members: Any, mta: ScriptedServer, store: Session) -> None:
    """Where the list makes none, they are written down with the first chunk, the author among them, and count in none."""
    from mailman.config import config  # noqa: PLC0415 - core must be initialised
    from mailman.interfaces.member import DeliveryMode  # noqa: PLC0415

    from mailman_pgp.delivery import deliver  # noqa: PLC0415

    encrypt(mlist, [BART])
    mlist.digests_enabled = False
    members.add(mlist, ANNE).preferences.delivery_mode = DeliveryMode.mime_digests
    deliver(mlist, *by_anne(mlist, members, BART, own=True))
    assert mta.recipients == [BART]
    assert (named(store), numbers(store)) == ({ANNE: ("digest-mode", "")}, (1, 1, 0, 0))
    assert config.switchboards["out"].files == []


def test_who_has_left_and_who_is_erased(mlist: Any, members: Any, mta: ScriptedServer, store: Session) -> None:
    """Who leaves stays in the record of before; who is erased in Mailman goes from it, and the number stays."""
    from mailman.interfaces.usermanager import IUserManager  # noqa: PLC0415 - core must be initialised
    from zope.component import getUtility  # noqa: PLC0415

    users = getUtility(IUserManager)
    encrypt(mlist, [ANNE])
    odd = "dora_100%/o'x@example.com"
    people = [ANNE, BART, "bart@example.com.au", odd]
    for address in people:
        members.add(mlist, address)
    enqueue(mlist, people)
    run()
    assert mta.recipients == [ANNE]
    mlist.members.get_member(BART).unsubscribe()
    store.commit()
    assert named(store).keys() == {BART, "bart@example.com.au", odd}
    for address, left in ((odd, {BART, "bart@example.com.au"}), (BART, {"bart@example.com.au"})):
        users.delete_address(users.get_address(address))
        store.commit()
        assert named(store).keys() == left
    assert numbers(store) == (4, 1, 3, 0)


def test_entries_from_before(mlist: Any, mta: ScriptedServer, store: Session) -> None:
    """Queue entries of an earlier release know neither digests nor authors without a copy, and are delivered."""
    encrypt(mlist, PEOPLE)
    msg, msgdata = post(mlist, PEOPLE)
    for name in ("unsent", "digests"):
        del msgdata["pgp"][name]
    record = Record.of(msgdata)
    assert record is not None
    assert (record.unsent, record.digests) == (False, ())
    from mailman_pgp.delivery import deliver  # noqa: PLC0415 - core must be initialised

    deliver(mlist, msg, msgdata)
    assert (mta.recipients, named(store)) == (PEOPLE, {})


def test_the_size_of_a_record(store: Session) -> None:
    """5,000 people without a copy in 40 chunks are 40 rows, with less than 40 bytes a person."""
    people = [f"somebody{number:05}@example{number % 50}.org" for number in range(5000)]
    reasons = ("no-certificate", "expired", "suspended", "revoked")
    for start in range(0, 5000, 125):
        part = {
            address: missing.Miss(reasons[number % 4]) for number, address in enumerate(people[start : start + 125])
        }
        ledger.delivered(
            "ant.example.com", "<m>", chunk=f"{start}", recipients=500, copies=375, skipped=125, tried=part, missed=part
        )
    store.flush()
    rows = store.query(Delivery.missed).all()
    assert len(rows) == 40
    assert sum(len(row.missed) for row in rows) < 40 * 5000
