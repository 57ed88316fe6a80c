"""Messages over which the process that opens them fails: a verdict in the end, and the posts of others go on meanwhile."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from people import EncryptedList
from refusals import Guarded, words_of

from mailman_pgp.sandbox import Options, Sandbox, until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.deep

SECONDS = 25
"""What opening one message may take on this site: longer than a post of somebody else takes, on a busy machine too."""


@pytest.fixture(scope="module")
def ailing(tmp_path_factory: pytest.TempPathFactory, new_database: Callable[[], str | None]) -> Iterator[Sandbox]:
    """A Mailman whose workers fail over messages that say so."""
    settings = ["plugin.ailing.class=ailing.Ailing", "plugin.ailing.enabled=yes", f"pgp.worker_seconds={SECONDS}"]
    options = Options(database_url=new_database(), settings=settings)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(Path(__file__).parent), prepend=os.pathsep)
        sandbox = Sandbox(tmp_path_factory.mktemp("ailing"), options)
        sandbox.start()
    yield sandbox
    sandbox.stop()


def failing(guarded: Guarded, how: str) -> bytes:
    """A post over which the worker fails."""
    mark = b"-----BEGIN PGP MESSAGE-----\n"
    message = guarded.canary.protected(guarded.anne)
    assert mark in message
    return message.replace(mark, mark + b"Comment: " + how.encode() + b"\n", 1)


def test_others_go_on_while_one_is_opened(ailing: Sandbox) -> None:
    """An endless loop holds up neither another list nor its own; it is ended when its time is over, and the sender is told."""
    here, there = Guarded.make(EncryptedList.make(ailing)), Guarded.make(EncryptedList.make(ailing))
    here.anne.send(failing(here, "loops"))
    there.takes_the_next()
    here.takes_the_next()
    assert here.refused_for() == {}, "The endless one has no verdict yet."
    assert ailing.queue("in"), "It waits, as it came."
    until(lambda: here.refused_for() == {"timeout": 1}, "there is a verdict", seconds=4 * SECONDS)
    notices = [here.notice(here.anne, kept) for kept in here.anne.mail(2)]
    assert any("could not open your message" in words_of(notice) for notice in notices if notice["auto-submitted"])
    ailing.wait_until_idle()
    assert ailing.queue("shunt") == ailing.queue("bad") == []


def test_commands_go_on_while_one_is_opened(ailing: Sandbox) -> None:
    """An endless mail to the address for commands holds up nobody's; whoever sent it is told in the end."""
    guarded = Guarded.make(EncryptedList.make(ailing))
    request = guarded.list.sub_address("request")
    guarded.anne.send(failing(guarded, "loops"), request)
    guarded.bart.send(guarded.bart.write("help", address=request), request)
    guarded.bart.mail()
    assert guarded.refused_for() == {}, "The endless one has no verdict yet."
    assert ailing.queue("command"), "It waits, as it came."
    until(lambda: guarded.refused_for() == {"timeout": 1}, "there is a verdict", seconds=4 * SECONDS)


def test_killed_while_one_is_opened_beside(ailing: Sandbox) -> None:
    """It is begun anew, and its sender is told once; stopped by a signal, the runner does not wait for its end."""
    guarded = Guarded.make(EncryptedList.make(ailing))
    guarded.anne.send(failing(guarded, "loops"))
    guarded.takes_the_next()  # so the other one waits
    (name,) = (path.name for path in ailing.queue("in"))
    for end in (signal.SIGKILL, signal.SIGUSR1):
        pid = ailing.kill("in", end)
        until(lambda pid=pid: ailing.pids().get("in", pid) != pid, "another process", seconds=SECONDS / 2)
        assert [path.stem for path in ailing.queue("in")] == [Path(name).stem]
        guarded.takes_the_next()
    until(lambda: guarded.refused_for() == {"timeout": 1}, "there is a verdict", seconds=6 * SECONDS)
    ailing.wait_until_idle()
    assert guarded.refused_for() == {"timeout": 1}
    assert ailing.queue("shunt") == ailing.queue("bad") == []


@pytest.mark.parametrize(("how", "reason"), [("crashes", "worker-died"), ("swells", "too-large")])
def test_worker_that_ends(ailing: Sandbox, how: str, reason: str) -> None:
    """Killed by a signal, or out of the memory that it may have: the message is refused at once, and the next one passes."""
    guarded = Guarded.make(EncryptedList.make(ailing))
    guarded.refuses(guarded.anne, failing(guarded, how), reason, "could not open your message")
    guarded.takes_the_next()


def test_several_endless_ones(ailing: Sandbox) -> None:
    """They are opened one after the other beside the queue; nobody else waits for more than a moment for each."""
    here, there = Guarded.make(EncryptedList.make(ailing)), Guarded.make(EncryptedList.make(ailing))
    for _ in range(3):
        here.anne.send(failing(here, "loops"))
    there.takes_the_next()
    assert here.refused_for() == {}
    until(lambda: here.refused_for() == {"timeout": 3}, "there are verdicts", seconds=8 * SECONDS)
