"""Many notices in one entry of the queue: each goes to its own reader, once, and nowhere else."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING, Any

import pytest
from outgoing import encrypt, run, waiting

from mailman_pgp.delivery.progress import Progress
from mailman_pgp.posts.sealed import SealedError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from scripted import ScriptedServer
    from sqlalchemy.orm import Session

pytestmark = pytest.mark.usefixtures("healthy")
PEOPLE = [f"p{number}@example.com" for number in range(4)]


@pytest.fixture
def notices(core: Any, mlist: Any) -> Iterator[dict[str, bytes]]:
    """A notice for each of four people, encrypted; afterwards no entry waits."""
    from mailman_pgp.delivery.lookup import look_up  # noqa: PLC0415 - core must be initialised
    from mailman_pgp.notices.encrypted import Hand, letter  # noqa: PLC0415

    encrypt(mlist, PEOPLE)
    hand = Hand.of(mlist)
    yield {
        one.address: hand.encrypted(letter(mlist.owner_address, "Your key", "The text."), one)
        for one in look_up(mlist.list_id, PEOPLE).recipients
    }
    for queue in ("out", "shunt"):
        switchboard = core.switchboards[queue]
        for name in switchboard.files:
            switchboard.dequeue(name)
            switchboard.finish(name)


def bundled(mlist: Any, notices: Iterable[tuple[str, bytes]]) -> None:
    """Queue them."""
    from mailman_pgp.notices.bundle import send_bundled  # noqa: PLC0415 - core must be initialised

    send_bundled(mlist, notices)


def sent(mta: ScriptedServer) -> dict[str, bytes]:
    """What each of them has got."""
    return {message.recipient: message.data for message in mta.accepted}


def test_each_gets_their_own(mlist: Any, notices: dict[str, bytes], mta: ScriptedServer) -> None:
    """As it was written, over one connection; bounces will tell whose it was."""
    bundled(mlist, notices.items())
    assert waiting() == {"out": 1}
    run()
    assert waiting() == {}
    assert mta.recipients == PEOPLE
    assert sent(mta) == notices
    assert len(mta.visits) == 1
    assert [message.sender for message in mta.accepted] == [
        f"ant-bounces+{person.replace('@', '=')}@example.com" for person in PEOPLE
    ]


def test_two_for_one_person(mlist: Any, notices: dict[str, bytes], mta: ScriptedServer) -> None:
    """Both arrive: what is marked as delivered is an address, so they are in two entries."""
    bundled(mlist, [*notices.items(), (PEOPLE[1], notices[PEOPLE[2]])])
    assert waiting() == {"out": 2}
    run()
    assert sorted(mta.recipients) == sorted([*PEOPLE, PEOPLE[1]])


def test_who_is_refused_for_now(mlist: Any, notices: dict[str, bytes], mta: ScriptedServer) -> None:
    """They get theirs at the next attempt, and nobody else another one."""
    answers = iter([b"450 4.2.1 Later\r\n"])
    mta.script.answer = lambda _v, verb, line: (
        next(answers, b"default") if verb == "RCPT" and b"p1@" in line else b"default"
    )
    bundled(mlist, notices.items())
    run()
    assert (mta.recipients, waiting()) == ([PEOPLE[0], *PEOPLE[2:]], {"retry": 1})
    for queue in ("retry", "out"):
        run(queue)
    assert (sent(mta), waiting()) == (notices, {})
    assert len(mta.accepted) == len(PEOPLE)


def test_a_kill_repeats_one_at_most(
    core: Any, mlist: Any, notices: dict[str, bytes], mta: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed before the third is noted, the next process sends the third once more, and the fourth."""
    from mailman_pgp.delivery import deliver  # noqa: PLC0415 - core must be initialised

    mark = Progress.mark

    class Killed(BaseException):
        pass

    def killing(self: Progress, addresses: Iterable[str]) -> None:
        if (addresses := list(addresses)) == PEOPLE[2:3]:
            raise Killed
        mark(self, addresses)

    bundled(mlist, notices.items())
    switchboard = core.switchboards["out"]
    msg, msgdata = switchboard.dequeue(switchboard.files[0])
    monkeypatch.setattr(Progress, "mark", killing)
    with pytest.raises(Killed):
        deliver(mlist, msg, dict(msgdata))
    monkeypatch.undo()
    deliver(mlist, msg, dict(msgdata))
    assert sorted(mta.recipients) == sorted([*PEOPLE, PEOPLE[2]])


def test_a_process_that_is_to_end(
    mlist: Any, notices: dict[str, bytes], mta: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It begins no more of them, and the next one sends those that are left."""
    bundled(mlist, notices.items())
    looks = iter([False, False])
    with monkeypatch.context() as patch:
        patch.setattr("mailman_pgp.delivery.interruption.asked", lambda: next(looks, True))
        run()
    assert (mta.recipients, waiting()) == (PEOPLE[:2], {"out": 1})
    run()
    assert (mta.recipients, waiting()) == (PEOPLE, {})


@pytest.mark.parametrize("what", ["clear", "missing"])
def test_what_is_not_encrypted_does_not_leave(
    mlist: Any, notices: dict[str, bytes], mta: ScriptedServer, what: str
) -> None:
    """One in the clear among them, or a recipient for whom there is none, and the whole entry is kept."""
    from mailman_pgp.delivery import deliver  # noqa: PLC0415 - core must be initialised
    from mailman_pgp.notices.bundle import Bundle  # noqa: PLC0415
    from mailman_pgp.posts.record import Kind, Record  # noqa: PLC0415

    if what == "clear":
        notices[PEOPLE[1]] = b"Subject: the canary\r\n\r\nIn the clear\r\n"
    else:
        del notices[PEOPLE[1]]
    msgdata = {"listid": mlist.list_id, "recipients": list(PEOPLE), **Record(kind=Kind.ENCRYPTED).to_kws()}
    with pytest.raises(SealedError, match="is not, was about to leave"):
        deliver(mlist, Bundle(notices), msgdata)
    assert mta.accepted == []


def test_stock_delivery(mlist: Any, notices: dict[str, bytes]) -> None:
    """It would send all of them to each, and who the readers are: there is nothing to send, nor in what is shown of the entry."""
    from mailman_pgp.notices.bundle import Bundle  # noqa: PLC0415 - core must be initialised

    again = pickle.loads(pickle.dumps(Bundle(notices)))
    assert again.notices == notices
    for look in (again.as_bytes, again.as_string, again.get_payload):
        with pytest.raises(SealedError, match="unshunt"):
            look()
    assert str(again) == "<4 encrypted notices>"
    assert not mlist.members.get_member(again.sender)


def test_a_list_that_is_a_plain_one_again(
    mlist: Any, notices: dict[str, bytes], mta: ScriptedServer, store: Session
) -> None:
    """What was written before leaves to each as it was written, and lies in no queue for good."""
    from mailman_pgp.model.cleanup import forget_encryption  # noqa: PLC0415 - core must be initialised

    bundled(mlist, notices.items())
    forget_encryption(mlist.list_id)
    store.commit()
    run()
    assert (sent(mta), waiting()) == (notices, {})
