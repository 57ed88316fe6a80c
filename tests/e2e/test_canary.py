"""Nothing decrypted touches a disk or a wire: a post's way from LMTP to its members, with a canary in it."""

from __future__ import annotations

import hashlib
import re
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import default
from typing import TYPE_CHECKING

import pytest
from canary import Canary, digests
from conversations import armored
from traces import Traces, tables
from watching import ALL, Watched, only, queued, shunted

from mailman_pgp.sandbox import Behaviour, Refusal, Stage, until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from email.message import EmailMessage

    from people import Person

    from mailman_pgp.sandbox import Sandbox

    Write = Callable[[Canary, Person], bytes]

OUTSIDE = {"subject", "name"}
"""What a mail program that does not protect headers leaves outside the encryption."""

forms = pytest.mark.parametrize(
    ("write", "outside"),
    [(Canary.protected, set()), (Canary.outside, OUTSIDE)],
    ids=["headers-inside", "headers-outside"],
)


@pytest.fixture
def ants(watched: Sandbox) -> Iterator[Watched]:
    """A fresh encrypted list; afterwards nothing of it waits anywhere, and it is gone: each list makes the search longer."""
    made = Watched.make(watched)
    made.list.take_unbound()
    yield made
    watched.receive()
    (watched.place.root / "sabotage").unlink(missing_ok=True)
    watched.wait_until_idle()
    made.list.delete()


def encrypted_part(message: bytes) -> bytes:
    """The armored message in one."""
    found = re.search(rb"-----BEGIN PGP MESSAGE-----.*?-----END PGP MESSAGE-----\n", message, re.DOTALL)
    assert found is not None
    return found[0]


@forms
def test_post_is_silent_in_each_queue_and_after_delivery(ants: Watched, write: Write, outside: set[str]) -> None:
    """No word of a post is anywhere while it waits in `in` (but for what came outside the encryption), `pipeline`, `out`
    or `retry`, and none after each member got it, encrypted; and nothing says whether a guess of its content is right.
    """
    sandbox, canary = ants.sandbox, Canary.make()
    traces = ants.traces(canary)
    stopped = {name: ExitStack() for name in ("in", "pipeline", "out", "retry")}
    with ExitStack() as stack:
        for name, runner in stopped.items():
            stack.push(runner)
            runner.enter_context(sandbox.paused(name))
        sandbox.receive(Behaviour(refuse=(Refusal(stage=Stage.MESSAGE),)))
        ants.anne.send(write(canary, ants.anne))
        assert ants.found(traces) == only(queued(sandbox, "in"), outside)
        for done, name in (("in", "pipeline"), ("pipeline", "out"), ("out", "retry")):
            stopped[done].close()
            queued(sandbox, name)
            assert ants.found(traces) == {}
        sandbox.receive()
    ants.delivered(canary, ants.anne, ants.bart)
    sandbox.wait_until_idle()
    assert ants.found(traces) == {}


@pytest.mark.deep
@forms
@pytest.mark.parametrize("runner", ["in", "pipeline", "out"])
def test_shunted_post_is_silent(ants: Watched, runner: str, write: Write, outside: set[str]) -> None:
    """A runner that fails over the decrypted post leaves no word of it in the shunt queue (but, in `in`, for what came
    outside the encryption), in the log with the traceback, or before the subscribers of the crash; unshunted, it arrives.
    """
    sandbox, canary = ants.sandbox, Canary.make()
    traces = ants.traces(canary)
    switch = sandbox.place.root / "sabotage"
    switch.write_text(runner, encoding="utf-8")
    ants.anne.send(write(canary, ants.anne))
    there = shunted(sandbox)
    until(lambda: f"RuntimeError: Sabotage in {runner}" in sandbox.logs(), "the traceback is in the log")
    found = ants.found(traces)
    # A subscriber to the crash sees the message as it came, as the shunt queue has it.
    crash = {place: found.pop(place) for place in list(found) if place.startswith("events/RunnerCrashEvent")}
    assert all(words == outside for words in crash.values())
    assert bool(crash) == bool(outside and runner == "in")
    still = outside if runner == "in" else set()
    assert {place: words for place, words in found.items() if not place.startswith("mailman qfile")} == only(
        there, still
    )
    switch.unlink()
    sandbox.command("unshunt")
    ants.delivered(canary, ants.anne, ants.bart)
    sandbox.wait_until_idle()
    for event in (sandbox.place.root / "events").glob("RunnerCrashEvent*"):
        event.unlink()
    assert ants.found(traces) == {}


def test_mail_in_the_clear_over_which_reception_fails_is_gone(ants: Watched) -> None:
    """What came to the owners in the clear is refused when it can't be sealed; it does not lie in the shunt queue as it came."""
    sandbox, canary = ants.sandbox, Canary.make()
    traces = Traces(canary.words, sandbox.place.root)
    (sandbox.place.root / "sabotage").write_text("in", encoding="utf-8")
    owners = ants.list.sub_address("owner")
    ants.anne.send(canary.plain(ants.anne, owners), owners)
    (kept,) = ants.anne.mail(1)
    sandbox.wait_until_idle()
    assert "The list failed over your message" in " ".join(ants.anne.open(kept).as_string().split())
    assert "was refused, as RuntimeError was raised at " in sandbox.logs()
    assert sandbox.queue("shunt") == []
    assert ants.found(traces) == {}


def test_mail_in_the_clear_over_which_a_chain_fails_is_gone(ants: Watched) -> None:
    """When the refusal of a post in the clear fails, no word of it is in the shunt queue; unshunted, it is refused."""
    sandbox, canary = ants.sandbox, Canary.make()
    traces = Traces(canary.words, sandbox.place.root)
    switch = sandbox.place.root / "sabotage"
    switch.write_text("chain", encoding="utf-8")
    ants.anne.send(canary.plain(ants.anne, ants.list.address))
    shunted(sandbox)
    assert ants.found(traces) == {}
    switch.unlink()
    sandbox.command("unshunt")
    (kept,) = ants.anne.mail(1)
    assert "Your message was not encrypted" in " ".join(ants.anne.open(kept).as_string().split())
    sandbox.wait_until_idle()
    assert ants.found(traces) == {}


def test_no_file_is_opened_for_writing_where_nobody_looks(ants: Watched) -> None:
    """While posts are received, delivered and refused, the Python of Mailman's processes writes to no file outside the directory
    that these tests search, and to no temporary file; and it starts no program but the one that opens messages.
    """
    sandbox = ants.sandbox
    opened, started = sandbox.place.root / "opened.log", sandbox.place.root / "started.log"
    before, programs = len(opened.read_text()), len(started.read_text())
    # So that the program is started anew.
    sandbox.kill("in")
    for write in (Canary.protected, Canary.outside):
        canary = Canary.make()
        ants.anne.send(write(canary, ants.anne))
        ants.delivered(canary, ants.anne, ants.bart)
    ants.anne.send(canary.plain(ants.anne, ants.list.address))
    ants.anne.mail(1)
    sandbox.wait_until_idle()
    assert str(sandbox.place.queues) in opened.read_text()[before:]
    temporary = str(sandbox.place.root / "tmp")
    for path in opened.read_text()[before:].splitlines():
        assert path.endswith(".pyc") or "__pycache__" in path or path.startswith((str(sandbox.place.root), "/dev/null"))
        assert not path.startswith(temporary)
    # As `ailing` has it.
    lines = started.read_text()[programs:].splitlines()
    assert lines
    assert all("stem.main(worker.work)" in line and line.endswith(", '/', {})") for line in lines)


def test_refused_post_in_the_clear_is_gone(ants: Watched) -> None:
    """A post that came in the clear is in the queue `in`, as it came, and after its refusal nowhere."""
    sandbox, canary = ants.sandbox, Canary.make()
    traces = Traces(canary.words, sandbox.place.root)
    with sandbox.paused("in"):
        ants.anne.send(canary.plain(ants.anne, ants.list.address))
        assert ants.found(traces) == only(queued(sandbox, "in"), ALL)
    ants.anne.mail(1)
    sandbox.wait_until_idle()
    assert ants.found(traces) == {}
    ants.deaf(canary, ants.anne, ants.bart, ants.owner)


@pytest.mark.deep
@forms
def test_archived_post_is_silent(ants: Watched, write: Write, outside: set[str]) -> None:
    """No word of a post is in an archive on the disk, nor anywhere because of it, while all of them are in what its reader opens."""
    sandbox, canary = ants.sandbox, Canary.make()
    names = ("pgp-maildir", "pgp-mbox")
    sandbox.rest(f"lists/{ants.list.list_id}/archivers", dict.fromkeys(names, "yes"), "PATCH")
    reader = ants.list.person("Rita")
    ants.list.pgp("archive", "add", ants.list.address, "-", stdin=armored(reader.key.certificate))
    traces = ants.traces(canary)
    with sandbox.paused("in"):
        ants.anne.send(write(canary, ants.anne))
        assert ants.found(traces) == only(queued(sandbox, "in"), outside)
    ants.delivered(canary, ants.anne, ants.bart)
    sandbox.wait_until_idle()
    assert ants.found(traces) == {}
    for name in names:
        archive = sandbox.place.var / "archives" / name / ants.list.address
        (found,) = [path for path in archive.rglob("*") if path.is_file() and b"BEGIN PGP" in path.read_bytes()]
        opened = reader.key.read(encrypted_part(found.read_bytes()), ants.list.certificate).content
        assert canary.heard_in(message_from_bytes(opened, policy=default)) == ALL
        # The control: the same search would have found the words there.
        found.write_bytes(opened)
        assert ants.found(traces)[str(found.relative_to(sandbox.place.root))] == ALL
        found.unlink()


@pytest.mark.parametrize("mode", ["mime_digests", "plaintext_digests"])
def test_post_that_waits_for_a_digest_is_silent(ants: Watched, mode: str) -> None:
    """No word of a post is anywhere while it waits for a digest, while that is queued, and when it has come to its reader."""
    sandbox, canary = ants.sandbox, Canary.make()
    list_id = ants.list.list_id
    dora = ants.list.member("Dora")
    member = sandbox.rest(f"lists/{list_id}/member/{dora.address}")["member_id"]
    sandbox.rest(f"members/{member}/preferences", {"delivery_mode": mode}, "PATCH")
    sandbox.rest(f"lists/{list_id}/config", {"digest_size_threshold": "10000"}, "PATCH")
    traces = ants.traces(canary)
    ants.anne.send(canary.protected(ants.anne))
    ants.delivered(canary, ants.anne, ants.bart)
    sandbox.wait_until_idle()
    waiting = dict(tables(sandbox))["pgp_digest_post"]
    assert list_id.encode() in waiting
    assert ants.found(traces) == {}
    with sandbox.paused("out"):
        ants.list.pgp("digest", ants.list.address)
        queued(sandbox, "out")
        assert ants.found(traces) == {}
    # In a text attachments are named, and not shown.
    shown = ALL if mode == "mime_digests" else ALL - {"content"}
    until(lambda: any(heard_in(canary, message) == shown for message in dora.read(0)), "the digest came")
    sandbox.wait_until_idle()
    assert ants.found(traces) == {}
    assert len(dict(tables(sandbox))["pgp_digest_post"]) < len(waiting) - 1000, "Its content is gone."


def heard_in(canary: Canary, message: EmailMessage) -> set[str]:
    """What somebody reads in a digest: in its messages, too."""
    inner = [part for part in message.walk() if part.get_content_type() == "message/rfc822"]
    return canary.heard_in(message).union(*(canary.heard_in(part.get_payload(0)) for part in inner))


def test_row_of_an_accepted_signature_confirms_no_guess(ants: Watched) -> None:
    """Who has the database and guesses an author's words, key and second finds no digest of them in it."""
    canary = Canary.make()
    inside = canary.inside(ants.anne)
    began = datetime.now(UTC).replace(tzinfo=None, microsecond=0)
    ants.anne.send(canary.protected(ants.anne))
    ants.delivered(canary, ants.bart)
    seconds = int((datetime.now(UTC).replace(tzinfo=None) - began).total_seconds()) + 2
    guesses = (
        "\0".join((ants.anne.key.fingerprint, (began + timedelta(seconds=second)).isoformat(), digest))
        for second in range(seconds)
        for digest in digests(inside)
    )
    traces = Traces({hashlib.sha256(guess.encode()).hexdigest(): "guess" for guess in guesses})
    assert traces.in_sandbox(ants.sandbox) == {}


@pytest.mark.parametrize("bad", ["unsigned", "stranger", "replayed"])
def test_refused_encrypted_post_is_silent(ants: Watched, bad: str) -> None:
    """A post that was opened and refused leaves no word of it: not in the refusal, the ledger, a log or an event."""
    sandbox, canary = ants.sandbox, Canary.make()
    traces = ants.traces(canary)
    author = ants.list.person("Eve") if bad == "stranger" else ants.anne
    inside = canary.inside(author)
    message = author.envelope(author.key.write(inside, ants.list.certificate, sign=bad != "unsigned"))
    author.send(message)
    if bad == "replayed":
        ants.delivered(canary, ants.anne, ants.bart)
        author.send(message)
    until(lambda: author.mail(1), "the refusal came")
    sandbox.wait_until_idle()
    assert "REFUSED" in sandbox.logs()
    assert ants.found(traces) == {}
    if bad != "replayed":
        ants.deaf(canary, ants.anne, ants.bart, ants.owner)


def test_search_finds_the_post_of_a_plain_list_everywhere(watched: Sandbox) -> None:
    """The control: the same search finds each word of a plain list's post in every queue, in what the subscribers see,
    in the held message, its row and its notices, and in what leaves.
    """
    ants = Watched.make(watched)
    plain, canary = f"plain{ants.list.number}@lists.example.com", Canary.make()
    list_id = watched.rest.create_list(plain, "legacy-default")
    watched.rest.subscribe(list_id, ants.anne.address)
    traces = Traces(canary.words, watched.place.root)
    ants.anne.send(canary.plain(ants.anne, plain), plain)
    watched.mail_for(ants.anne.address)
    watched.wait_until_idle()
    found = traces.in_sandbox(watched)
    assert found[f"mail/{ants.anne.address}/1.eml"] == ALL
    assert ALL in [words for place, words in found.items() if place.startswith("events/AcceptEvent")]
    stopped = {name: ExitStack() for name in ("in", "pipeline", "out")}
    for name, runner in stopped.items():
        runner.enter_context(watched.paused(name))
    canary = Canary.make()
    traces = Traces(canary.words, watched.place.root)
    ants.anne.send(canary.plain(ants.anne, plain), plain)
    with watched.paused("archive"):  # its copy for an archive passes through `out`, too
        for name, runner in stopped.items():
            (place,) = queued(watched, name)
            assert traces.in_sandbox(watched)[place] == ALL
            runner.close()
    watched.wait_until_idle()
    watched.rest(f"lists/{list_id}/config", {"default_member_action": "hold"}, "PATCH")
    canary = Canary.make()
    traces = Traces(canary.words, watched.place.root)
    ants.anne.send(canary.plain(ants.anne, plain), plain)
    until(lambda: watched.rest(f"lists/{list_id}/held/count")["count"], "the post is held")
    watched.wait_until_idle()
    found = traces.in_sandbox(watched)
    assert ALL in [words for place, words in found.items() if place.startswith("var/messages/")]
    assert "subject" in found["database:pendedkeyvalue"]
    assert "subject" in next(words for place, words in found.items() if place.startswith(f"mail/{ants.anne.address}/"))
