"""A mail server that refuses, hangs up, is slow or can do little: what is temporary is repeated, and nobody gets two."""

from __future__ import annotations

import multiprocessing
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from people import EncryptedList

from mailman_pgp.sandbox import Behaviour, Drop, Refusal, Stage, until
from mailman_pgp.sandbox.receiver import receive

if TYPE_CHECKING:
    from conftest import StartSandbox
    from people import Person

    from mailman_pgp.sandbox import Sandbox

pytestmark = pytest.mark.deep

EACH = (Stage.RCPT, Stage.DATA, Stage.MESSAGE)
ALL = (Stage.CONNECT, Stage.MAIL, *EACH)


@dataclass(frozen=True, slots=True)
class Three:
    """A list with three members whose certificates count."""

    list: EncryptedList
    anne: Person
    bart: Person
    cris: Person

    @property
    def all(self) -> tuple[Person, ...]:
        """Everybody."""
        return (self.anne, self.bart, self.cris)

    def copies(self) -> list[int]:
        """How many messages each has."""
        return [self.list.sandbox.mailbox.count(person.address) for person in self.all]

    def settled(self) -> list[int]:
        """The same when nothing is left to do; nothing was set aside on the way."""
        self.list.sandbox.wait_until_idle()
        assert [name for name in ("bad", "shunt") if self.list.sandbox.queue(name)] == []
        return self.copies()

    def last_post(self) -> tuple[int, int, int]:
        """Delivered, skipped and failed, as REST says of the last post."""
        (last, *_) = self.list.happened()["posts"]
        return last["delivered"], last["skipped"], last["failed"]

    def score(self, person: Person) -> int:
        """A member's bounce score."""
        return bounce_score(self.list, person)


def bounce_score(encrypted: EncryptedList, person: Person) -> int:
    """A member's bounce score."""
    score: int = encrypted.sandbox.rest(f"lists/{encrypted.list_id}/member/{person.address}")["bounce_score"]
    return score


@pytest.fixture
def three(encrypted_list: EncryptedList) -> Three:
    """A list with three members."""
    return Three(encrypted_list, *(encrypted_list.member(name) for name in ("Anne", "Bart", "Cris")))


def test_everybody_gets_one(three: Three) -> None:
    """The control: from a server that takes everything, each member gets one copy, and that is what status says."""
    three.anne.post()
    assert three.settled() == [1, 1, 1]
    assert three.last_post() == (3, 0, 0)
    assert three.list.status()["lists"][0]["posts"] == three.list.happened()["posts"]


@pytest.mark.parametrize("stage", EACH)
def test_refused_for_now(three: Three, stage: Stage) -> None:
    """Who is refused twice for now gets one copy all the same; the others wait for nothing; no score grows."""
    three.list.sandbox.receive(Behaviour(refuse=(Refusal(three.bart.address, stage, times=2),)))
    three.anne.post()
    assert three.settled() == [1, 1, 1]
    assert three.last_post() == (3, 0, 0)
    assert [three.score(person) for person in three.all] == [0, 0, 0]


def test_refused_for_now_is_shown_as_failed(three: Three) -> None:
    """While somebody waits for the next attempt, status counts them as failed, and the others as delivered."""
    three.list.sandbox.receive(Behaviour(refuse=(Refusal(three.bart.address),)))
    three.anne.post()
    until(lambda: three.copies() == [1, 0, 1] and three.list.happened()["posts"], "the first attempt")
    assert three.last_post() == (2, 0, 1)
    three.list.sandbox.receive()
    assert three.settled() == [1, 1, 1]
    assert three.last_post() == (3, 0, 0)


@pytest.mark.parametrize("stage", ALL)
def test_server_refuses_everything_for_now(three: Three, stage: Stage) -> None:
    """A server that refuses whatever comes, at any step, gets all copies later; each once."""
    three.list.sandbox.receive(Behaviour(refuse=(Refusal(stage=stage, reply="421 4.3.2 Not now"),)))
    three.anne.post()
    until(lambda: three.list.happened()["posts"], "the first attempt")
    assert three.last_post() == (0, 0, 3)
    three.list.sandbox.receive()
    assert three.settled() == [1, 1, 1]
    assert three.last_post() == (3, 0, 0)
    assert [three.score(person) for person in three.all] == [0, 0, 0]


@pytest.mark.parametrize("stage", EACH)
def test_refused_for_good(three: Three, stage: Stage) -> None:
    """Who is refused for good gets a bounce score as from core's own delivery, and stops nobody else."""
    refusal = Refusal(three.bart.address, stage, reply="550 5.1.1 There is nobody of that name")
    three.list.sandbox.receive(Behaviour(refuse=(refusal,)))
    three.anne.post()
    until(lambda: three.score(three.bart) == 1, "the bounce is counted")
    assert three.settled() == [1, 0, 1]
    assert three.last_post() == (2, 0, 1)
    assert [three.score(person) for person in three.all] == [0, 1, 0]


def test_both_in_one_chunk(three: Three) -> None:
    """One is refused for good and one for now: the first is not tried again with the second."""
    bad, later = Refusal(three.bart.address, reply="550 5.1.1 Unknown"), Refusal(three.cris.address, times=2)
    three.list.sandbox.receive(Behaviour(refuse=(bad, later)))
    three.anne.post()
    until(lambda: three.copies()[2] == 1, "the second attempt")
    assert three.settled() == [1, 0, 1]
    assert three.last_post() == (2, 0, 1)
    until(lambda: three.score(three.bart) == 1, "the bounce is counted")
    assert three.score(three.cris) == 0


HANG_UPS = [(stage, 1) for stage in ALL[1:]]
MORE_HANG_UPS = [
    pytest.param(stage, after, marks=pytest.mark.deep)
    for stage in ALL[1:]
    for after in (0, 2)
    if after or stage is not Stage.MESSAGE  # there is no message yet
]


@pytest.mark.parametrize(("stage", "after"), [*HANG_UPS, *MORE_HANG_UPS])
def test_server_hangs_up(three: Three, stage: Stage, after: int) -> None:
    """A connection that ends without a word, anywhere but in place of the answer to a message, makes no second copy."""
    three.list.sandbox.receive(Behaviour(drop=Drop(after, times=1, stage=stage)))
    three.anne.post()
    assert three.settled() == [1, 1, 1]
    assert three.last_post() == (3, 0, 0)


def test_server_hangs_up_at_once(three: Three) -> None:
    """A server that ends the first five connections before its greeting gets all copies later; each once."""
    three.list.sandbox.receive(Behaviour(drop=Drop(0, times=5, stage=Stage.CONNECT)))
    three.anne.post()
    assert three.settled() == [1, 1, 1]


@pytest.mark.parametrize("after", [1, 2, 3])
def test_answer_to_a_message_is_lost(three: Three, after: int) -> None:
    """When the server took a message and hung up in place of the answer, that one copy may come twice, and no other.

    Nobody can know whether it was taken (RFC 1047); a copy too many is better than none.
    """
    three.list.sandbox.receive(Behaviour(drop=Drop(after, answered=False, times=1)))
    three.anne.post()
    copies = three.settled()
    assert sorted(copies) in ([1, 1, 1], [1, 1, 2])
    assert three.last_post() == (3, 0, 0)


def test_slow_server(three: Three) -> None:
    """A server that takes its time for each answer gets each copy once."""
    three.list.sandbox.receive(Behaviour(delay_seconds=0.2))
    three.anne.post()
    assert three.settled() == [1, 1, 1]


@pytest.mark.parametrize(
    "less",
    [
        Behaviour(pipelining=False),
        Behaviour(eight_bit=False),
        Behaviour(size=False),
        Behaviour(pipelining=False, eight_bit=False, size=False),
    ],
    ids=["pipelining", "8bitmime", "size", "anything"],
)
def test_server_without_extensions(three: Three, less: Behaviour) -> None:
    """A server without PIPELINING, 8BITMIME, SIZE or all of these gets each copy once, and it can be read."""
    three.list.sandbox.receive(less)
    three.anne.post("Gr\u00fc\u00dfe")
    assert three.settled() == [1, 1, 1]
    (opened,) = three.bart.read()
    assert [
        part
        for part in opened.walk()
        if part.get_content_type() == "text/plain" and "Gr\u00fc\u00dfe" in part.get_content()
    ]


@pytest.mark.parametrize("size", [True, False], ids=["announced", "after-data"])
def test_too_large_for_the_server(three: Three, size: bool) -> None:  # noqa: FBT001 - two cases
    """A post that the server finds too large is not tried again: its author is told, and nobody's score grows."""
    three.list.sandbox.receive(Behaviour(size=size, max_message_bytes=20_000))
    three.anne.post("The kestrel flies at noon.\n" * 2000, subject="About kestrels")
    (told,) = three.anne.read()
    assert told["Subject"] == f"Your message to {three.list.address} was too large"
    assert "estrel" not in told.as_string()
    assert three.settled() == [1, 0, 0]
    assert three.last_post() == (0, 0, 3)
    assert [three.score(person) for person in three.all] == [0, 0, 0]
    assert "larger than the site's mail server takes" in three.list.pgp("status", three.list.address)
    three.list.sandbox.receive()
    three.anne.post()
    assert three.settled() == [2, 1, 1]


def test_member_without_a_certificate(three: Three) -> None:
    """Who can't be encrypted to is told once for two posts and without content, named by status, and not punished."""
    dora = three.list.member_without_certificate("Dora")
    for number in (1, 2):
        # The same text, signed within the same second, would be a replay.
        three.anne.post(f"The kestrel flies at noon, {number}.", subject="About kestrels")
        three.settled()
        assert three.last_post() == (3, 1, 0)
        assert three.copies() == [number] * 3
    _, _, told = dora.mail(3)
    texts = [part.get_content() for part in told.message.walk() if part.get_content_type() == "text/plain"]
    assert any("The list has no certificate of yours." in text for text in texts)
    assert not any("estrel" in text for text in (*texts, told.content.decode()))
    assert three.score(dora) == 0
    (unserved,) = three.list.status()["lists"][0]["unserved"]
    assert (unserved["address"], unserved["reason"], unserved["posts"]) == (dora.address, "no-certificate", 2)
    assert dora.address in three.list.sandbox.mailman_quickly("pgp", "status", three.list.address).stdout
    three.list.certify(dora)
    three.anne.post()
    three.settled()
    assert three.last_post() == (4, 0, 0)
    assert three.list.status()["lists"][0]["unserved"] == []


def test_disk_fails_during_delivery(three: Three) -> None:
    """When the system fails in the midst of a delivery the rest waits in `shunt`; core does not try in a hot loop."""
    dora = three.list.member_without_certificate("Dora")
    sandbox = three.list.sandbox
    queue, away = sandbox.place.queues / "virgin", sandbox.place.queues / "away"
    with sandbox.paused("virgin"):
        queue.rename(away)
        try:
            three.anne.post()  # Dora is to be told, and her notice can't be written
            until(lambda: sandbox.queue("shunt"), "the chunk is shunted")
        finally:
            away.rename(queue)
    assert sandbox.queue("out") == []
    assert "Mail of an encrypted list could not be sent: No such file" in sandbox.logs()
    assert three.copies() == [1, 1, 1]
    sandbox.command("unshunt")
    dora.mail(3)
    assert three.settled() == [1, 1, 1]
    assert three.last_post() == (3, 1, 0)


def test_server_is_down_at_the_start(start_sandbox: StartSandbox) -> None:
    """While nobody listens everything waits, without a hot loop; then everybody gets one."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        port = door.getsockname()[1]
    sandbox = start_sandbox(settings=[f"mta.smtp_port={port}", "runner.retry.sleep_time=2s"])
    encrypted = EncryptedList.make(sandbox)
    three = Three(encrypted, *(encrypted.member(name) for name in ("Anne", "Bart", "Cris")))
    three.anne.post()
    until(lambda: encrypted.happened()["posts"], "the first attempt")
    assert three.last_post() == (0, 0, 3)
    attempts = attempts_at(sandbox, three.bart)
    until(lambda: attempts_at(sandbox, three.bart) > attempts, "another attempt")
    # Core's retry runner sleeps between two attempts; a hot loop makes a hundred in that time.
    assert attempts_at(sandbox, three.bart) < attempts + 10
    listener = socket.create_server(("127.0.0.1", port))
    server = multiprocessing.get_context("fork").Process(target=receive, args=(listener, sandbox.place), daemon=True)
    server.start()
    try:
        assert three.settled() == [1, 1, 1]
        assert three.last_post() == (3, 0, 0)
        assert [three.score(person) for person in three.all] == [0, 0, 0]
    finally:
        server.terminate()
        server.join()
        listener.close()


def attempts_at(sandbox: Sandbox, person: Person) -> int:
    """How often the log says that somebody was refused."""
    return sandbox.logs().count(f"refused for {person.address}")
