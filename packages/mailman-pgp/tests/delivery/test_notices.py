"""Notices on their way: each person gets one, or what keeps them from it is recorded."""

from __future__ import annotations

import email
from typing import TYPE_CHECKING, Any

import pytest
from outgoing import encrypt, notices, run, usable, waiting
from sqlalchemy import update

from mailman_pgp.delivery import chunks
from mailman_pgp.delivery.progress import Progress
from mailman_pgp.mime import Structure, examine
from mailman_pgp.model.tables import Choice, Dropped
from mailman_pgp.openpgp import OpenPGPError, fanout
from mailman_pgp.posts.record import Kind, Record
from mailman_pgp.posts.sealed import SealedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from conftest import Members
    from scripted import ScriptedServer
    from sqlalchemy.orm import Session

pytestmark = pytest.mark.usefixtures("healthy")
OWNERS = [f"o{number}@example.com" for number in range(4)]


@pytest.fixture
def owned(mlist: Any, members: Members) -> Any:
    """An encrypted list with four owners."""
    encrypt(mlist, OWNERS)
    for owner in OWNERS:
        members.add(mlist, owner, role="owner")
    return mlist


def from_core(mlist: Any) -> tuple[Any, dict[str, Any]]:
    """A notice that core wrote for the owners."""
    from mailman.email.message import UserNotification  # noqa: PLC0415 - core must be initialised

    msg = UserNotification(mlist.owner_address, mlist.owner_address, "Held", "The text.", mlist.preferred_language)
    msg["Message-ID"] = f"<notice{id(msg)}@example.com>"
    return msg, {"recipients": [mlist.owner_address], "listid": mlist.list_id}


def deliver(mlist: Any, msg: Any, msgdata: dict[str, Any]) -> None:
    """Deliver as core's runner does."""
    from mailman_pgp.delivery import deliver as through_the_door  # noqa: PLC0415 - core must be initialised

    through_the_door(mlist, msg, msgdata)


@pytest.mark.parametrize("people", [None, OWNERS], ids=["owners", "people"])
def test_a_kill_repeats_one_notice_at_most(
    owned: Any, mta: ScriptedServer, monkeypatch: pytest.MonkeyPatch, people: list[str] | None
) -> None:
    """Killed before the third is noted, the next process sends the third once more, and the fourth.

    Who they are may stand in the entry as a set, which another process reads in another order.
    """
    mark = Progress.mark

    class Killed(BaseException):
        pass

    def killing(self: Progress, addresses: Iterable[str]) -> None:
        if (addresses := list(addresses)) == OWNERS[2:3]:
            raise Killed
        mark(self, addresses)

    msg, msgdata = from_core(owned)
    msgdata["recipients"] = people or msgdata["recipients"]
    monkeypatch.setattr(Progress, "mark", killing)
    with pytest.raises(Killed):
        deliver(owned, msg, dict(msgdata))
    monkeypatch.undo()
    deliver(owned, msg, {**msgdata, "recipients": msgdata["recipients"][::-1]})
    assert sorted(mta.recipients) == sorted([*OWNERS, OWNERS[2]])


def test_nothing_stays_of_a_notice(core: Any, owned: Any, mta: ScriptedServer) -> None:
    """Refused for now and sent at the second attempt, it leaves no progress behind."""
    chunks.forget_finished()
    before = set(chunks.directory().glob("*"))
    answers = iter([b"450 4.2.1 Later\r\n"])
    mta.script.answer = lambda _v, verb, line: (
        next(answers, b"default") if verb == "RCPT" and b"o1@" in line else b"default"
    )
    core.switchboards["out"].enqueue(*from_core(owned))
    for queue in ("out", "retry", "out"):
        run(queue)
    assert (sorted(mta.recipients), waiting()) == (OWNERS, {})
    assert set(chunks.directory().glob("*")) == before


def test_a_person_without_a_certificate_is_told_that_something_waits(
    owned: Any, members: Members, mta: ScriptedServer, store: Session
) -> None:
    """The others get the notice; for them it is recorded what was not sent."""
    members.add(owned, "new@example.com", role="owner")
    deliver(owned, *from_core(owned))
    assert sorted(mta.recipients) == OWNERS
    assert notices() == [("waiting", "new@example.com")]
    assert [(row.kind, row.recipient, row.reason) for row in store.query(Dropped)] == [
        ("notice", "new@example.com", "no-certificate")
    ]


@pytest.fixture
def asked(core: Any, owned: Any) -> Iterator[Callable[..., None]]:
    """Write something to an owner, encrypted to the key that counts now: ``asked(owner)``; afterwards none of it waits."""
    from mailman_pgp.delivery.lookup import look_up  # noqa: PLC0415 - core must be initialised
    from mailman_pgp.notices.encrypted import letter, send_encrypted  # noqa: PLC0415

    def write(owner: str, *, while_it_counts: bool = True) -> None:
        readers = look_up(owned.list_id, [owner]).recipients
        written = letter(owned.owner_address, "A post waits", "The text.")
        send_encrypted(owned, written, readers, while_it_counts=while_it_counts)

    yield write
    out = core.switchboards["out"]
    for name in out.files:
        out.dequeue(name)
        out.finish(name)


def test_a_key_that_is_suspended_before_the_next_attempt(
    mta: ScriptedServer, store: Session, asked: Callable[..., None]
) -> None:
    """What was encrypted to it and is tried again does not leave; its person is told that something waits."""
    answers = iter([b"450 4.2.1 Later\r\n"] * 2)
    mta.script.answer = lambda _v, verb, _line: next(answers, b"default") if verb == "RCPT" else b"default"
    for owner in OWNERS[:2]:
        asked(owner)
    run()
    assert (mta.recipients, waiting()) == ([], {"retry": 2})
    store.execute(update(Choice).where(Choice.address == OWNERS[0]).values(state="suspended"))
    store.commit()
    run("retry")
    run()
    assert (mta.recipients, waiting()) == ([OWNERS[1]], {})
    assert notices() == [("waiting", OWNERS[0])]
    assert [(row.recipient, row.reason) for row in store.query(Dropped)] == [(OWNERS[0], "suspended")]


def test_a_key_in_whose_place_another_one_counts(
    owned: Any, mta: ScriptedServer, store: Session, asked: Callable[..., None]
) -> None:
    """What was encrypted to the old one does not leave; what is for the holder of that very key does."""
    from mailman_pgp.keys import registry  # noqa: PLC0415 - core must be initialised

    asked(OWNERS[0])
    asked(OWNERS[1], while_it_counts=False)
    for owner in OWNERS[:2]:
        registry.add(owned.list_id, owner, usable(owner), origin="test")
    store.commit()
    run()
    assert (mta.recipients, waiting()) == ([OWNERS[1]], {})
    assert [(row.recipient, row.reason) for row in store.query(Dropped)] == [(OWNERS[0], "replaced")]


def test_a_library_that_refuses_everybody_costs_no_notice(
    owned: Any, mta: ScriptedServer, store: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is kept, as a post is."""
    monkeypatch.setattr(fanout._targets, "get", lambda *_: None)
    with pytest.raises(OpenPGPError, match="unshunt"):
        deliver(owned, *from_core(owned))
    assert (mta.recipients, store.query(Dropped).count()) == ([], 0)


def test_a_notice_that_must_be_read_without_the_key_that_counts(owned: Any, mta: ScriptedServer) -> None:
    """Whose key was replaced by somebody else reads it: it leaves in the clear, signed, also where a key counts."""
    from mailman.testing.helpers import get_queue_messages  # noqa: PLC0415 - core must be initialised

    from mailman_pgp.notices.changes import send_key_changed  # noqa: PLC0415
    from mailman_pgp.notices.unsent import send_missed  # noqa: PLC0415

    sent: dict[str, bytes] = {}
    for name, send in (
        ("always", lambda: send_key_changed(owned, OWNERS[0], "What was changed.", "Its fingerprint")),
        ("as usual", lambda: send_missed(owned, OWNERS[0])),
    ):
        send()
        (item,) = get_queue_messages("virgin")
        deliver(owned, item.msg, item.msgdata)
        sent[name] = mta.accepted[-1].data
    assert b"multipart/signed" in sent["always"]
    assert b"What was changed." in sent["always"]
    assert b"multipart/encrypted" in sent["as usual"]


def deliver_what_core_wrote(mlist: Any) -> None:
    """Deliver the one notice that core has queued."""
    from mailman.config import config  # noqa: PLC0415 - core must be initialised

    virgin = config.switchboards["virgin"]
    (name,) = virgin.files
    msg, msgdata = virgin.dequeue(name)
    virgin.finish(name)
    deliver(mlist, msg, msgdata)


@pytest.mark.parametrize("name", ["Ant", "Ämeisen"])
def test_goodbye_in_each_language(owned: Any, mta: ScriptedServer, name: str) -> None:
    """Who has left, and whose key is forgotten, is told so, in whichever language core has said it."""
    from mailman.app.notifications import send_goodbye_message  # noqa: PLC0415 - core must be initialised
    from mailman.interfaces.languages import ILanguageManager  # noqa: PLC0415
    from zope.component import getUtility  # noqa: PLC0415

    owned.display_name = name
    for code in ("en", "de"):
        send_goodbye_message(owned, "gone@example.com", getUtility(ILanguageManager)[code])
        deliver_what_core_wrote(owned)
        assert (notices(), mta.recipients) == ([("left", "gone@example.com")], [])


def test_who_was_never_a_member(owned: Any, mta: ScriptedServer) -> None:
    """Whose request was rejected, which core says from the same address, does not read that they are a member no more."""
    from mailman.app.moderator import send_rejection  # noqa: PLC0415 - core must be initialised

    send_rejection(owned, "Subscription request", "new@example.com", "No.")
    deliver_what_core_wrote(owned)
    assert (notices(), mta.recipients) == ([("waiting", "new@example.com")], [])


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("multipart/mixed", "application/octet-stream"),
        ("multipart/mixed", "text/plain"),
        ("multipart/encrypted", "text/plain"),
    ],
)
def test_what_would_be_repaired_on_input_does_not_leave(mlist: Any, kind: str, data: str) -> None:
    """What was encrypted when it was written leaves in the one form of RFC 3156, and in no other."""
    from mailman_pgp.delivery import encrypted_notes  # noqa: PLC0415 - core must be initialised

    message = email.message_from_string(
        f'Content-Type: {kind}; protocol="application/pgp-encrypted"; boundary=m\n\n--m\nContent-Type: application/pgp-encrypted\n\n'
        f"Version: 1\n--m\nContent-Type: {data}\n\n-----BEGIN PGP MESSAGE-----\n\nx\n-----END PGP MESSAGE-----\nwords\n--m--\n"
    )
    assert examine(message).structure is Structure.ENCRYPTED
    with pytest.raises(SealedError, match="is not, was about to leave"):
        encrypted_notes.deliver_encrypted(mlist, message, {"recipients": [OWNERS[0]]}, Record(kind=Kind.ENCRYPTED))
