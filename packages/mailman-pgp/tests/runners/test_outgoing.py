"""The runner of `out` takes up what a killed process left, and sets aside what kills it."""

from __future__ import annotations

import re
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import pytest
from outgoing import encrypt, enqueue, waiting

from mailman_pgp.delivery import chunks
from mailman_pgp.posts.record import Record

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.usefixtures("healthy")
# What core allows a runner where nothing else is set; its configuration for tests sets something else.
SCHEMA = (files("mailman.config") / "schema.cfg").read_text()
RESTARTS = int(re.search(r"^max_restarts: (\d+)$", SCHEMA, re.MULTILINE)[1])  # type: ignore[index]  # it is there
PEOPLE = [f"m{number}@example.com" for number in range(20)]


def die(before_death: Callable[[Record], None] = lambda _record: None) -> bool:
    """Start a runner that is killed over the first entry; False when there is none."""
    from mailman_pgp.runners.outgoing import OutgoingRunner  # noqa: PLC0415 - core must be initialised

    switchboard = OutgoingRunner("out").switchboard
    if not (entries := switchboard.files):
        return False
    _msg, msgdata = switchboard.dequeue(entries[0])
    record = Record.of(msgdata)
    assert record is not None
    before_death(record)
    return True


def test_a_chunk_that_kills_the_runner_leaves_it_room_to_live(mlist: Any, core: Any) -> None:
    """It is set aside while core's master would still start the runner for two others of its kind."""
    encrypt(mlist, PEOPLE[:1])
    enqueue(mlist, PEOPLE[:1])
    deaths = 0
    while die():
        deaths += 1
    assert (waiting(), core.switchboards["bad"].get_files(".psv")) == ({"shunt": 1}, [])
    assert 0 < 3 * deaths < RESTARTS


def test_a_chunk_that_makes_progress_is_never_set_aside(mlist: Any) -> None:
    """However often the runner is killed, as long as there was one more copy each time."""
    encrypt(mlist, PEOPLE)
    enqueue(mlist, PEOPLE)
    left = iter(PEOPLE)

    def one_more(record: Record) -> None:
        chunks.progress(record.chunk).mark([next(left)])

    for _ in PEOPLE:
        assert die(one_more)
    assert die()


@pytest.mark.usefixtures("core")
@pytest.mark.parametrize(
    ("sleep", "turns", "looks"),
    [
        (1.0, (100.0, 100.5, 100.9, 101.0, 101.1, 102.5), [100.0, 101.0, 102.5]),
        (0.0625, (100.0, 100.0625, 100.125, 100.1875, 100.25, 100.3125), [100.0, 100.25]),
    ],
)
def test_changes_are_looked_for_as_often_as_the_queue(
    monkeypatch: pytest.MonkeyPatch, sleep: float, turns: tuple[float, ...], looks: list[float]
) -> None:
    """The database is not asked for changes of keys after each of many chunks, and four times a second at most."""
    from mailman_pgp.runners.outgoing import OutgoingRunner  # noqa: PLC0415 - core must be initialised

    now, looked = [100.0], []
    monkeypatch.setattr("mailman_pgp.runners.outgoing.time.monotonic", lambda: now[0])
    monkeypatch.setattr("mailman_pgp.runners.housekeeping.tell_of_changes", lambda: looked.append(now[0]))
    runner = OutgoingRunner("out")
    runner.sleep_float = sleep
    for now[0] in turns:
        runner._do_periodic()
    assert looked == looks


@pytest.mark.usefixtures("core")
def test_telling_of_many_changes_leaves_time_for_posts(monkeypatch: pytest.MonkeyPatch) -> None:
    """After keys were brought for thousands there is as much to tell: half of the time is for that."""
    from mailman_pgp.runners.outgoing import OutgoingRunner  # noqa: PLC0415 - core must be initialised

    now, looked = [100.0], []

    def two_seconds() -> None:
        looked.append(now[0])
        now[0] += 2.0

    monkeypatch.setattr("mailman_pgp.runners.outgoing.time.monotonic", lambda: now[0])
    monkeypatch.setattr("mailman_pgp.runners.housekeeping.tell_of_changes", two_seconds)
    runner = OutgoingRunner("out")
    runner.sleep_float = 0.0625
    while now[0] < 125.0:
        runner._do_periodic()
        now[0] += 0.5
    assert looked == [100.0, 104.0, 108.0, 112.0, 116.0, 120.0, 124.0]


@pytest.mark.usefixtures("core")
def test_posts_go_before_what_is_to_be_told(mlist: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is told while mail waits; but after a minute, so that no flood of posts hides that a key was replaced."""
    from mailman_pgp.runners.outgoing import OutgoingRunner  # noqa: PLC0415 - core must be initialised

    now, looked = [100.0], []
    monkeypatch.setattr("mailman_pgp.runners.outgoing.time.monotonic", lambda: now[0])
    monkeypatch.setattr("mailman_pgp.runners.housekeeping.tell_of_changes", lambda: looked.append(now[0]))
    runner = OutgoingRunner("out")
    encrypt(mlist, PEOPLE[:1])
    runner._do_periodic()
    enqueue(mlist, PEOPLE[:1])
    for now[0] in (110.0, 150.0, 161.5, 170.0):
        runner._do_periodic()
    runner.switchboard.dequeue(*runner.switchboard.files)
    now[0] = 180.0
    runner._do_periodic()
    assert looked == [100.0, 161.5, 180.0]
