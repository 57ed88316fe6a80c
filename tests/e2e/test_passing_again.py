"""A process that is killed after its work, and before it has removed the queue file: the message passes again, and nothing comes twice."""

from __future__ import annotations

import mailbox
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from crowd import Left
from people import ARCHIVERS, EncryptedList
from refusals import Guarded

from mailman_pgp.sandbox import Options, Sandbox, until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from people import Person

pytestmark = pytest.mark.deep


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, new_database: Callable[[], str | None]) -> Iterator[Sandbox]:
    """A Mailman with archivers."""
    options = Options(database_url=new_database(), settings=ARCHIVERS)
    with Sandbox(tmp_path_factory.mktemp("again"), options) as running:
        yield running


@pytest.fixture
def here(place: Sandbox) -> Guarded:
    """A list with two members, and a post."""
    return Guarded.make(EncryptedList.make(place))


def passes_twice(here: Guarded, queue: str, author: Person, message: bytes, to: str | None = None) -> None:
    """Mail a message; when all is done, its file lies in a queue again, under its name and as it was."""
    sandbox = here.list.sandbox
    with sandbox.paused(queue):
        author.send(message, to)
        again = Left.behind(sandbox, queue)
    until(lambda: not sandbox.queue(queue), "it has passed")
    sandbox.wait_until_idle()
    again.put_back()
    until(lambda: not sandbox.queue(queue), "it has passed again")
    sandbox.wait_until_idle()
    assert sandbox.queue("shunt") == sandbox.queue("bad") == []
    assert here.refused_for() == {}


def counted(here: Guarded, *people: Person) -> list[int]:
    """How many messages each has."""
    return [here.list.sandbox.mailbox.count(person.address) for person in people]


def moderator(here: Guarded) -> Person:
    """Somebody who looks after the list, and has read what they were told of that."""
    olga = here.list.member("Olga")
    here.list.sandbox.rest.subscribe(here.list.list_id, olga.address, role="owner")
    here.list.wait_until_told()
    return olga


def test_held_post(here: Guarded) -> None:
    """It waits once, its author is told once, and each moderator is asked once."""
    sandbox, list_id, olga = here.list.sandbox, here.list.list_id, moderator(here)
    member = sandbox.rest(f"lists/{list_id}/member/{here.anne.address}")["member_id"]
    sandbox.rest(f"members/{member}", {"moderation_action": "hold"}, "PATCH")
    before = counted(here, here.anne, here.bart, olga)
    passes_twice(here, "in", here.anne, here.canary.protected(here.anne))
    (entry,) = sandbox.rest(f"lists/{list_id}/held")["entries"]
    after = counted(here, here.anne, here.bart, olga)
    assert [new - old for new, old in zip(after, before, strict=True)] == [1, 0, 1]
    sandbox.rest(f"lists/{list_id}/held/{entry['request_id']}", {"action": "accept"})
    until(lambda: here.canary.heard_in(here.bart.read()[0]), "it is posted")


def test_accepted_post(here: Guarded) -> None:
    """Killed behind the chain, `in` hands it to the pipeline twice, and everybody has one copy."""
    passes_twice(here, "in", here.anne, here.canary.protected(here.anne))
    assert counted(here, here.anne, here.bart) == [1, 1]


def test_archived_and_collected_post(here: Guarded) -> None:
    """Killed behind all of the pipeline, a post is in each archive once, in one digest, and comes to each member once."""
    sandbox, list_id = here.list.sandbox, here.list.list_id
    sandbox.rest(f"lists/{list_id}/archivers", {"pgp-maildir": "yes", "pgp-mbox": "yes"}, "PATCH")
    dora = here.list.member("Dora")
    member = sandbox.rest(f"lists/{list_id}/member/{dora.address}")["member_id"]
    sandbox.rest(f"members/{member}/preferences", {"delivery_mode": "mime_digests"}, "PATCH")
    passes_twice(here, "pipeline", here.anne, here.canary.protected(here.anne))
    here.list.pgp("digest", here.list.address)
    sandbox.wait_until_idle()
    assert counted(here, here.anne, here.bart, dora) == [1, 1, 1]
    (digest,) = dora.read()
    (part,) = (part for part in digest.walk() if part.get_content_type() == "multipart/digest")
    assert len(list(part.iter_parts())) == 1
    root = sandbox.place.var / "archives"
    with closing(mailbox.Maildir(root / "pgp-maildir" / here.list.address, create=False)) as box:
        assert len(box) == 1
    with closing(mailbox.mbox(root / "pgp-mbox" / here.list.address / "archive.mbox", create=False)) as box:
        assert len(box) == 1


def test_digest(here: Guarded) -> None:
    """An issue whose entry lies in `out` again when it was sent comes to each reader once."""
    sandbox, list_id = here.list.sandbox, here.list.list_id
    dora = here.list.member("Dora")
    member = sandbox.rest(f"lists/{list_id}/member/{dora.address}")["member_id"]
    sandbox.rest(f"members/{member}/preferences", {"delivery_mode": "plaintext_digests"}, "PATCH")
    here.anne.post()
    sandbox.wait_until_idle()
    with sandbox.paused("out"):
        here.list.pgp("digest", here.list.address)
        again = Left.behind(sandbox, "out")
    sandbox.wait_until_idle()
    again.put_back()
    until(lambda: not sandbox.queue("out"), "it has passed again")
    sandbox.wait_until_idle()
    assert counted(here, dora) == [1]


@pytest.mark.parametrize("queue", ["in", "pipeline"])
def test_mail_to_the_owners(here: Guarded, queue: str) -> None:
    """Each owner has it once."""
    olga = moderator(here)
    address = here.list.sub_address("owner")
    (before,) = counted(here, olga)
    passes_twice(here, queue, here.anne, here.canary.protected(here.anne, address), address)
    assert counted(here, olga) == [before + 1]


@pytest.mark.parametrize("queue", ["in", "pipeline"])
def test_report_of_a_stranger(here: Guarded, queue: str) -> None:
    """Each member has it once."""
    here.list.pgp("set", here.list.list_id, "on_stranger=accept")
    stan = here.list.person("Stan")
    passes_twice(here, queue, stan, here.canary.protected(stan))
    assert counted(here, here.anne, here.bart) == [1, 1]


@pytest.mark.parametrize("queue", ["in", "pipeline"])
def test_post_over_which_processes_have_died(here: Guarded, queue: str) -> None:
    """Core's third death puts it where the operator looks; put back, it comes once to each, even if all was done before the last death."""
    sandbox = here.list.sandbox
    with sandbox.paused(queue):
        here.anne.send(here.canary.protected(here.anne))
        left = Left.behind(sandbox, queue)
    until(lambda: not sandbox.queue(queue), "it has passed")
    sandbox.wait_until_idle()
    left.put_back_as_deadly()
    sandbox.kill(queue)
    until(lambda: len(sandbox.queue("shunt")) == 1, "it is kept")
    sandbox.command("unshunt")
    sandbox.wait_until_idle()
    assert counted(here, here.anne, here.bart) == [1, 1]
    assert sandbox.queue("shunt") == sandbox.queue("bad") == []
    assert here.refused_for() == {}
