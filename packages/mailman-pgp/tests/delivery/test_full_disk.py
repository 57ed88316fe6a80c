"""A disk without room: what waits stays in its queue, nothing is set aside as bad, and nobody gets a copy at each attempt."""

from __future__ import annotations

import errno
import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from outgoing import encrypt, enqueue, waiting
from scripted import DEFAULT

from mailman_pgp.model.tables import Delivery
from mailman_pgp.runners import queue as queues

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from scripted import ScriptedServer
    from sqlalchemy.orm import Session

pytestmark = pytest.mark.usefixtures("healthy")
PEOPLE = [f"m{number}@example.com" for number in range(3)]


@contextmanager
def full_disk(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """A disk on which no queue file can be written."""
    from mailman.core.switchboard import Switchboard  # noqa: PLC0415 - core must be initialised

    with monkeypatch.context() as patch:
        patch.setattr(Switchboard, "enqueue", full)
        yield patch


def full(*_arguments: Any, **_keywords: Any) -> Any:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def no_room_after(times: int) -> Callable[[int, bytes], int]:
    """A disk that takes so many writes."""
    write, left = os.write, [times]

    def written(descriptor: int, data: bytes) -> int:
        left[0] -= 1
        return write(descriptor, data) if left[0] >= 0 else full()

    return written


def later(monkeypatch: pytest.MonkeyPatch, runner: Any) -> None:
    """A minute later: the runner looks at what has failed."""
    monkeypatch.setattr(queues, "_PAUSE_SECONDS", 0)
    runner.switchboard._paused.clear()
    runner._one_iteration()


def out() -> Any:
    """The runner of the queue `out`."""
    from mailman_pgp.runners import OutgoingRunner  # noqa: PLC0415 - core must be initialised

    return OutgoingRunner("out")


def test_disk_that_is_full_in_the_midst_of_a_chunk(
    mlist: Any, mta: ScriptedServer, store: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Delivered copies that could not be noted are noted before anything else is sent, however often it is tried."""
    encrypt(mlist, PEOPLE)
    enqueue(mlist, PEOPLE)
    runner = out()
    with full_disk(monkeypatch) as patch:
        patch.setattr("mailman_pgp.delivery.progress.os.write", no_room_after(2))  # the title, and one copy
        runner._one_iteration()
        assert (mta.recipients, waiting()) == (PEOPLE[:2], {"out": 1})
        for _ in range(3):
            later(patch, runner)
        assert (mta.recipients, waiting()) == (PEOPLE[:2], {"out": 1})
    later(monkeypatch, runner)
    assert (mta.recipients, waiting()) == (PEOPLE, {})
    (row,) = store.query(Delivery)
    assert (row.delivered, row.failed, row.complete) == (3, 0, True)


def test_disk_that_is_full_when_somebody_is_to_be_tried_again(
    mlist: Any, mta: ScriptedServer, store: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who is refused for now can't be put into `retry`: the entry stays, and who has a copy gets no other one."""
    encrypt(mlist, PEOPLE)
    enqueue(mlist, PEOPLE)
    later_for_one = PEOPLE[1].encode()
    mta.script.answer = lambda _visit, verb, line: (
        b"450 4.2.1 Later\r\n" if verb == "RCPT" and later_for_one in line else DEFAULT
    )
    runner = out()
    with full_disk(monkeypatch) as patch:
        runner._one_iteration()
        later(patch, runner)
        assert (mta.recipients, waiting()) == ([PEOPLE[0], PEOPLE[2]], {"out": 1})
    mta.script.answer = lambda *_: DEFAULT
    later(monkeypatch, runner)
    assert (mta.recipients, waiting()) == ([PEOPLE[0], PEOPLE[2], PEOPLE[1]], {})
    (row,) = store.query(Delivery)
    assert (row.delivered, row.failed, row.complete) == (3, 0, True)


def test_disk_that_is_full_is_left_alone_for_a_while(
    mlist: Any, mta: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is tried at each turn, and the runner sleeps; mail that comes later goes on."""
    encrypt(mlist, PEOPLE)
    enqueue(mlist, PEOPLE[:1])
    runner, slept = out(), []
    with full_disk(monkeypatch) as patch:
        patch.setattr("mailman.core.runner.time.sleep", slept.append)
        patch.setattr("mailman_pgp.delivery.progress.os.write", no_room_after(0))
        for _ in range(3):
            runner._snooze(runner._one_iteration())
    assert len(slept) == 3
    assert len(mta.visits) == 0
    enqueue(mlist, PEOPLE[1:2])
    runner._one_iteration()
    assert (mta.recipients, waiting()) == (PEOPLE[1:2], {"out": 1})
    later(monkeypatch, runner)
    assert (mta.recipients, waiting()) == ([PEOPLE[1], PEOPLE[0]], {})


def passing(name: str) -> Any:
    """The runner of a queue that hands on what others have written."""
    from mailman_pgp.runners import RetryRunner, VirginRunner  # noqa: PLC0415 - core must be initialised

    return {"virgin": VirginRunner, "retry": RetryRunner}[name](name)


def left_in(core: Any, *names: str) -> dict[str, int]:
    """How many messages are in queues, whatever is done about them."""
    counted = {name: len(list(Path(core.switchboards[name].queue_directory).iterdir())) for name in names}
    return {name: number for name, number in counted.items() if number}


@pytest.mark.parametrize("name", ["virgin", "retry"])
def test_disk_that_is_full_behind_core(mlist: Any, core: Any, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What core wrote, and who is tried again, wait there: a minute later each goes on, once."""
    from mailman.email.message import UserNotification  # noqa: PLC0415 - core must be initialised

    encrypt(mlist, PEOPLE)
    note = UserNotification(PEOPLE[0], mlist.owner_address, "Welcome", "The text.", mlist.preferred_language)
    core.switchboards[name].enqueue(note, recipients=set(PEOPLE[:1]), listid=mlist.list_id)
    runner = passing(name)
    with full_disk(monkeypatch) as patch:
        runner._one_iteration()
        later(patch, runner)
        assert left_in(core, name, "out", "shunt", "bad") == {name: 1}
    later(monkeypatch, runner)
    assert left_in(core, name, "out", "shunt", "bad") == {"out": 1}
    core.switchboards["out"].finish(core.switchboards["out"].files[0])


@pytest.mark.parametrize("name", ["virgin", "retry"])
def test_plain_list_behind_core(mlist: Any, core: Any, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its mail is set aside as ever."""
    from mailman.email.message import UserNotification  # noqa: PLC0415 - core must be initialised

    note = UserNotification(PEOPLE[0], mlist.owner_address, "Welcome", "The text.", mlist.preferred_language)
    core.switchboards[name].enqueue(note, recipients=set(PEOPLE[:1]), listid=mlist.list_id)
    with full_disk(monkeypatch):
        passing(name)._one_iteration()
    assert left_in(core, name, "out", "shunt", "bad") == {"bad": 1}


def test_mail_of_a_plain_list(mlist: Any, core: Any, mta: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is set aside as ever: core knows nobody who has it already, and would send it to all at each attempt."""
    from mailman.email.message import UserNotification  # noqa: PLC0415 - core must be initialised

    note = UserNotification(PEOPLE[0], mlist.owner_address, "Plain", "The text.", mlist.preferred_language)
    core.switchboards["out"].enqueue(note, recipients=PEOPLE[:1], listid=mlist.list_id)
    runner = out()

    def fails(*_: Any) -> None:
        raise RuntimeError

    with full_disk(monkeypatch) as patch:
        patch.setattr("mailman_pgp.delivery.door.core_deliver", fails)
        runner._one_iteration()
    assert (mta.recipients, waiting()) == ([], {})
    assert len(core.switchboards["bad"].get_files(".psv")) == 1


def test_what_can_not_be_read_is_still_set_aside(mlist: Any, mta: ScriptedServer, core: Any) -> None:
    """A file that is no message is no fault of the disk: it is where core puts it."""
    encrypt(mlist, PEOPLE)
    enqueue(mlist, PEOPLE[:1])
    (name,) = core.switchboards["out"].files
    (Path(core.switchboards["out"].queue_directory) / f"{name}.pck").write_bytes(b"no pickle")
    out()._one_iteration()
    assert (mta.recipients, waiting()) == ([], {})
    assert core.switchboards["bad"].get_files(".psv") == [name]
