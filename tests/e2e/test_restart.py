"""Mailman is stopped and started, and several processes share one post: nothing is lost, and nothing comes twice."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest
from crowd import Crowd, Left
from people import EncryptedList

from mailman_pgp.sandbox import Behaviour, Runners, Sandbox, until

if TYPE_CHECKING:
    from conftest import StartSandbox

pytestmark = pytest.mark.deep

CHUNKS = ("pgp.chunk_recipients=10",)
MEMBERS = 60
# So slow that seconds are left when it is noticed late that some copies have come.
SLOW = Behaviour(delay_seconds=0.15)


def restart_in_mid_fan_out(sandbox: Sandbox, crowd: Crowd) -> None:
    """Post, and stop and start all of Mailman before everybody has a copy."""
    sandbox.receive(SLOW)
    crowd.post()
    crowd.wait_for(7)
    sandbox.stop()
    assert crowd.arrived() < MEMBERS, "It was stopped too late."
    sandbox.start()
    sandbox.receive()
    assert crowd.settle() == 0


def test_restart_in_mid_fan_out(start_sandbox: StartSandbox) -> None:
    """A restart (SIGTERM to every process) in the midst of a chunk loses nothing, repeats nothing and shunts nothing."""
    sandbox = start_sandbox(settings=CHUNKS)
    restart_in_mid_fan_out(sandbox, Crowd.join(EncryptedList.make(sandbox), MEMBERS))


def test_restart_below_the_stock_master(start_sandbox: StartSandbox) -> None:
    """The same below Mailman's own master, which also starts a killed `out` again."""
    sandbox = start_sandbox(runners=Runners.MASTER, settings=CHUNKS)
    crowd = Crowd.join(EncryptedList.make(sandbox), MEMBERS)
    restart_in_mid_fan_out(sandbox, crowd)
    sandbox.receive(SLOW)
    crowd.post()
    crowd.wait_for(5)
    sandbox.kill("out")
    assert crowd.arrived() < MEMBERS
    assert crowd.settle() <= 1


def test_interrupted_mail_of_a_plain_list(start_sandbox: StartSandbox) -> None:
    """A post of a plain list that is under way when `out` is to end is delivered, where core would have shunted it."""
    sandbox = start_sandbox()
    list_id = sandbox.rest.create_list("plain@lists.example.com")
    sandbox.rest.subscribe(list_id, "bart@example.net")
    sandbox.receive(Behaviour(delay_seconds=1))
    post = (
        b"From: bart@example.net\nTo: plain@lists.example.com\nSubject: Plain\nMessage-ID: <1@example.net>\n\nHello\n"
    )
    sandbox.lmtp_send("bart@example.net", "plain@lists.example.com", post)
    until(lambda: sandbox.mailbox.count("bart@example.net"), "the message is there, and not answered")
    pid = sandbox.kill("out", signal.SIGUSR1)
    until(lambda: sandbox.pids().get("out", pid) != pid, "out started again")
    sandbox.wait_until_idle()
    assert sandbox.queue("shunt") == []
    assert sandbox.mailbox.count("bart@example.net") == 1


def test_two_slices_share_a_post(start_sandbox: StartSandbox) -> None:
    """With two processes for `out` each sends a part of a post's chunks; both are killed, and nothing is lost."""
    sandbox = start_sandbox(settings=(*CHUNKS, "runner.out.instances=2"))
    crowd = Crowd.join(EncryptedList.make(sandbox), MEMBERS * 2)
    sandbox.receive(SLOW)
    with sandbox.paused("out:0"):
        crowd.post()
        crowd.wait_for(5)
        sandbox.kill("out:1")
        until(lambda: all(path.suffix != ".bak" for path in sandbox.queue("out")) and crowd.arrived() >= 10, "its part")
        alone = crowd.arrived()
        assert 0 < alone < MEMBERS * 2
    crowd.wait_for(alone + 5)
    sandbox.kill("out:0")
    sandbox.receive()
    assert crowd.settle() <= 2


def test_chunks_repeated_to_another_slice(start_sandbox: StartSandbox) -> None:
    """A chunk enqueued twice, which one process sends while the other one gets it too, is sent once."""
    sandbox = start_sandbox(settings=("pgp.chunk_recipients=5", "runner.out.instances=2"))
    crowd = Crowd.join(EncryptedList.make(sandbox), MEMBERS)
    sandbox.receive(SLOW)
    with sandbox.paused("out:0"), sandbox.paused("out:1"):
        with sandbox.paused("pipeline"):
            crowd.post()
            again = Left.behind(sandbox, "pipeline")
        until(lambda: not sandbox.queue("pipeline"), "the chunks")
        again.put_back()
        until(lambda: not sandbox.queue("pipeline"), "the chunks again")
        assert len(sandbox.queue("out")) == 2 * MEMBERS // 5
    assert crowd.settle() == 0
