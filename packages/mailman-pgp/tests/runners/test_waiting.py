"""Mail that waits stays in its queue as it came: one file, under one name, in its place."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from outgoing import encrypt

from mailman_pgp.openpgp import Limits, OpeningError, OpeningProblem
from mailman_pgp.posts.patience import MOMENT_SECONDS, patience
from mailman_pgp.sandbox import until

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.usefixtures("healthy")
LIMITS = Limits(seconds=60)


@pytest.fixture
def queue(core: Any, mlist: Any) -> Iterator[Any]:
    """The queue `in` of an encrypted list, and afterwards nobody who waits."""
    encrypt(mlist, [])
    yield core.switchboards["in"]
    patience.forget()


@pytest.fixture
def may_end() -> Iterator[threading.Event]:
    """By which the work beside the queue ends."""
    event = threading.Event()
    yield event
    event.set()


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch, may_end: threading.Event) -> list[str]:
    """The subjects of the posts that were opened, in order; one with `slow` in its subject takes longer than a moment."""
    from mailman_pgp.runners.incoming import IncomingRunner  # noqa: PLC0415 - core must be initialised

    opened: list[str] = []

    def work(limits: Limits) -> None:
        if limits.seconds <= MOMENT_SECONDS:
            raise OpeningError(OpeningProblem.TIMEOUT)
        may_end.wait(60)

    def receive(_self: Any, _mlist: Any, msg: Any, _msgdata: Any, _known: Any) -> None:
        subject = str(msg["subject"])
        if "slow" in subject:
            patience.have(b"opening", work, LIMITS)
        opened.append(subject)

    monkeypatch.setattr(IncomingRunner, "_receive", receive)
    monkeypatch.setattr(IncomingRunner, "_judge", lambda *_: None)
    return opened


def came(mlist: Any, queue: Any, *subjects: str) -> None:
    """Posts come to the list."""
    from mailman.email.message import Message as CoreMessage  # noqa: PLC0415 - core must be initialised

    for subject in subjects:
        message = CoreMessage()
        message["From"] = "anne@example.com"
        message["Subject"] = subject
        queue.enqueue(message, listid=mlist.list_id)


def in_folder(queue: Any) -> dict[str, int]:
    """The files of a queue, and which they are on the disk."""
    return {path.name: path.stat().st_ino for path in Path(queue.queue_directory).iterdir()}


def make(name: str = "in") -> Any:
    """A runner whose sleep is counted."""
    from mailman_pgp.runners import IncomingRunner, PipelineRunner  # noqa: PLC0415 - core must be initialised

    return (IncomingRunner if name == "in" else PipelineRunner)(name)


def turn(runner: Any, monkeypatch: pytest.MonkeyPatch) -> bool:
    """One turn of the runner; whether it sleeps after it."""
    slept: list[float] = []
    with monkeypatch.context() as patch:
        patch.setattr("mailman.core.runner.time.sleep", slept.append)
        runner._snooze(runner._one_iteration())
    return bool(slept)


def test_what_is_slow_keeps_its_place(
    queue: Any, mlist: Any, taken: list[str], may_end: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file is not written again and loses neither name nor place; others go on; until there is a verdict it is left alone."""
    came(mlist, queue, "slow", "second", "slow too", "fourth")
    before = in_folder(queue)
    slow, _second, slow_too, _fourth = sorted(before)
    runner = make()
    assert not turn(runner, monkeypatch)
    assert taken == ["second", "fourth"]
    assert in_folder(queue) == {name: before[name] for name in (slow, slow_too)}
    assert turn(runner, monkeypatch)
    may_end.set()
    until(patience.is_waited_for, "the first one is opened")
    came(mlist, queue, "late")
    turn(runner, monkeypatch)
    assert taken == ["second", "fourth", "slow", "late"]
    turn(runner, monkeypatch)
    until(patience.is_waited_for, "the other one is opened")
    turn(runner, monkeypatch)
    assert taken[-1] == "slow too"
    assert in_folder(queue) == {}


def test_no_hot_loop(queue: Any, mlist: Any, taken: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """While a slow one is opened, its file is not even read, and the runner sleeps."""
    came(mlist, queue, "slow")
    runner = make()
    read: list[str] = []
    dequeue = type(runner.switchboard).dequeue
    monkeypatch.setattr(
        type(runner.switchboard), "dequeue", lambda self, name: read.append(name) or dequeue(self, name)
    )
    assert turn(runner, monkeypatch)
    assert [turn(runner, monkeypatch) for _ in range(3)] == [True] * 3
    assert len(read) == 1
    assert taken == []


@pytest.mark.parametrize("name", ["in", "pipeline"])
def test_while_the_plugin_is_not_healthy(
    core: Any, queue: Any, mlist: Any, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Mail stays as it came, in its order, however often it is looked at; the runner sleeps; nothing is in two files, ever."""
    from mailman_pgp.site import health  # noqa: PLC0415 - after the fixtures

    del queue
    here = core.switchboards[name]
    came(mlist, here, "first", "second")
    before, runner = in_folder(here), make(name)
    state = health._state
    health.forget()
    monkeypatch.setattr(type(here), "enqueue", lambda *_args, **_options: pytest.fail("It is written again."))
    try:
        assert [turn(runner, monkeypatch) for _ in range(3)] == [True] * 3
    finally:
        health._state = state
    assert in_folder(here) == before
    for path in here.files:
        here.dequeue(path)
        here.finish(path)


def test_killed_while_it_waits(
    queue: Any, mlist: Any, taken: list[str], may_end: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that comes next finds each message once, under the name by which it claims its signatures."""
    came(mlist, queue, "slow")
    (name,) = in_folder(queue)
    turn(make(), monkeypatch)
    may_end.set()
    until(patience.is_waited_for, "it is opened")
    patience.forget()
    following = make()
    assert [f"{file}.pck" for file in following.switchboard.files] == [name]
    turn(following, monkeypatch)
    until(patience.is_waited_for, "it is opened again")
    turn(following, monkeypatch)
    assert taken == ["slow"]


def test_file_that_can_not_be_put_back(
    queue: Any,
    mlist: Any,
    taken: list[str],
    may_end: threading.Event,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """It is where core finds it at the next start, and the log says so."""

    def full(_self: Path, _to: Path) -> None:
        raise OSError("No space left on device")

    came(mlist, queue, "slow")
    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", full)
        turn(make(), monkeypatch)
    assert [Path(name).suffix for name in in_folder(queue)] == [".bak"]
    assert "could not be put back" in caplog.text
    may_end.set()
    following = make()
    until(lambda: turn(following, monkeypatch) and taken == ["slow"], "it is opened at the next start")


@pytest.mark.parametrize("address", ["post", "command"])
def test_refusal_for_which_there_is_no_room(
    core: Any, queue: Any, mlist: Any, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Mail in the clear is not shunted as it came because its refusal can't be written: it waits, and is refused a minute later."""
    from mailman.core.switchboard import Switchboard  # noqa: PLC0415 - core must be initialised

    from mailman_pgp.notices.refusing import refuse  # noqa: PLC0415
    from mailman_pgp.posts.record import Record  # noqa: PLC0415
    from mailman_pgp.runners import CommandRunner, IncomingRunner, incoming  # noqa: PLC0415

    monkeypatch.setattr(incoming, "process", lambda mlist, _msg, msgdata, _chain: refuse(mlist, Record.of(msgdata)))
    here = queue if address == "post" else core.switchboards["command"]
    runner = (IncomingRunner if address == "post" else CommandRunner)(here.name)
    came(mlist, here, "join")
    before = in_folder(here)

    def full(_self: Any, message: Any, *_more: Any, **_keywords: Any) -> Any:
        assert message["subject"] != "join", "It would be shunted as it came."
        raise OSError("No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Switchboard, "enqueue", full)
        assert turn(runner, monkeypatch)
        assert in_folder(here) == before
        runner.switchboard._paused.clear()
        turn(runner, monkeypatch)
    assert in_folder(here) == before
    runner.switchboard._paused.clear()
    turn(runner, monkeypatch)
    assert in_folder(here) == {}
    virgin = core.switchboards["virgin"]
    assert len(virgin.files) == 1
    for name in virgin.files:
        virgin.dequeue(name)
        virgin.finish(name)
