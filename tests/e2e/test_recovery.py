"""Nothing lost, nothing twice: runners are killed at any point, and everybody has one copy of each post."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from crowd import Crowd, Left
from people import EncryptedList

from mailman_pgp.sandbox import Behaviour, Options, Sandbox, processes, until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

MEMBERS = 192
CHUNK = 3
# So slow that the moments between two copies can be met, and that much is left to do when it is noticed late that one has come.
SLOW = Behaviour(delay_seconds=0.02)
# What one kill may repeat: the copy that the mail server has taken, and of which the runner has not noted it yet.  The
# next copy leaves only after that, so this is the pipelining window (1) with a marking step of 1.
REPEATED_BY_A_KILL = 1


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, new_database: Callable[[], str | None]) -> Iterator[Sandbox]:
    """A Mailman whose posts have many chunks."""
    options = Options(database_url=new_database(), settings=[f"pgp.chunk_recipients={CHUNK}"])
    with Sandbox(tmp_path_factory.mktemp("recovery"), options) as running:
        yield running


@pytest.fixture(scope="module")
def everybody(place: Sandbox) -> Crowd:
    """The members of a large list."""
    return Crowd.join(EncryptedList.make(place), MEMBERS)


@pytest.fixture
def crowd(everybody: Crowd) -> Iterator[Crowd]:
    """The large list; after the test nothing is under way."""
    yield everybody
    everybody.list.sandbox.receive()
    everybody.list.sandbox.wait_until_idle()


def rows(sandbox: Sandbox, query: str, **values: object) -> list[tuple[object, ...]]:
    """Ask the database."""
    url = sandbox.options.database_url or f"sqlite:///{sandbox.place.var}/data/mailman.db"
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        found = [tuple(row) for row in connection.execute(sa.text(query), values)]
    engine.dispose()
    return found


def working_on(sandbox: Sandbox, queue: str) -> list[Path]:
    """What a runner has taken from its queue and not finished."""
    return [path for path in sandbox.queue(queue) if path.suffix == ".bak"]


def watch_closely(condition: Callable[[], bool]) -> None:
    """Wait for a moment that is too short for `until`."""
    until(condition, "the moment", interval=0.0)


def kill_out_at(crowd: Crowd, points: list[int]) -> None:
    """Post, and kill `out` each time when so many copies have arrived; everybody has a copy in the end."""
    sandbox = crowd.list.sandbox
    sandbox.receive(SLOW)
    crowd.post()
    for point in points:
        # One more at least: a chunk that kills three processes that have done nothing is rightly set aside as bad.
        crowd.wait_for(max(point, crowd.arrived() + 1))
        assert sandbox.queue("out"), "The fan-out was over before it could be killed."
        sandbox.kill("out")
    assert crowd.arrived() < MEMBERS
    sandbox.receive()
    repeated = crowd.settle()
    assert repeated <= REPEATED_BY_A_KILL * len(points)
    (count,) = rows(
        sandbox,
        "SELECT count(*), sum(recipients), sum(delivered), max(attempts) FROM pgp_delivery WHERE list_id = :list"
        " AND message_id = (SELECT message_id FROM pgp_delivery WHERE list_id = :list ORDER BY id DESC LIMIT 1)",
        list=crowd.list.list_id,
    )
    assert count == (MEMBERS // CHUNK, MEMBERS, MEMBERS, 1)


@pytest.mark.deep
def test_out_killed_at_several_points(crowd: Crowd) -> None:
    """Killed five times in a fan-out, also twice within one chunk, `out` loses no copy and repeats one a kill at most."""
    kill_out_at(crowd, [1, 3, 20, 21, 70])


@pytest.mark.deep
def test_out_killed_at_twenty_points(crowd: Crowd) -> None:
    """The same for twenty kills in the first third of the fan-out; core would have set a chunk aside at the third."""
    kill_out_at(crowd, [1, 2, 3, 4, *range(10, 74, 4)])


@pytest.mark.deep
def test_in_killed_while_it_opens_a_post(crowd: Crowd) -> None:
    """A post whose opening is interrupted is opened again, and goes to everybody once."""
    sandbox = crowd.list.sandbox
    crowd.post()
    crowd.settle()
    (worker,) = processes.children(sandbox.runner_pid("in"))
    os.kill(worker, signal.SIGSTOP)
    crowd.post()
    until(lambda: working_on(sandbox, "in"), "the post is being opened")
    sandbox.kill("in")
    assert crowd.settle() == 0


def test_in_killed_between_claim_and_enqueue(crowd: Crowd) -> None:
    """A post that has claimed its signature and is not accepted yet is no replay of itself."""
    sandbox, list_id = crowd.list.sandbox, crowd.list.list_id
    claims = "SELECT claim FROM pgp_seen WHERE list_id = :list"
    before = set(rows(sandbox, claims, list=list_id))
    # A rule that thinks for years: after the claim, before the chain accepts.
    matches = f"lists/{list_id}/header-matches"
    sandbox.rest(matches, {"header": "in-reply-to", "pattern": "^<(a+)+$"})
    message = b"In-Reply-To: <" + b"a" * 60 + b"@x>\n" + crowd.author.write()
    crowd.expect()
    crowd.author.send(message)
    until(lambda: set(rows(sandbox, claims, list=list_id)) - before, "the claim")
    (file,) = working_on(sandbox, "in")
    assert set(rows(sandbox, claims, list=list_id)) - before == {(file.stem,)}
    assert not sandbox.queue("pipeline")
    sandbox.rest(f"{matches}/0", method="DELETE")
    sandbox.kill("in")
    assert crowd.settle() == 0


def test_pipeline_killed_while_it_composes(crowd: Crowd) -> None:
    """A post whose composition is interrupted goes to everybody once."""
    sandbox = crowd.list.sandbox
    with sandbox.paused("pipeline"):
        crowd.post()
        until(lambda: sandbox.queue("pipeline"), "the post has been accepted")
    watch_closely(lambda: bool(working_on(sandbox, "pipeline")))
    sandbox.kill("pipeline")
    assert crowd.settle() == 0


@pytest.mark.parametrize("chunks", [1, 10])
def test_pipeline_killed_between_two_chunks(crowd: Crowd, chunks: int) -> None:
    """Chunks that a killed pipeline has enqueued are enqueued again, and sent once."""
    sandbox = crowd.list.sandbox
    with sandbox.paused("out"):
        crowd.post()
        watch_closely(lambda: len(sandbox.queue("out")) >= chunks)
        sandbox.kill("pipeline")
        until(lambda: not sandbox.queue("pipeline"), "the pipeline has gone over the post again")
        assert len(sandbox.queue("out")) > MEMBERS // CHUNK, "It was killed too late: nothing was enqueued twice."
    assert crowd.settle() == 0


def test_repeated_chunks_after_the_first_ones_were_sent(crowd: Crowd) -> None:
    """A chunk that is enqueued again when it was sent, and its progress is forgotten, is not sent a second time."""
    sandbox = crowd.list.sandbox
    with sandbox.paused("pipeline"):
        crowd.post()
        again = Left.behind(sandbox, "pipeline")
    assert crowd.settle() == 0
    again.put_back()
    until(lambda: not sandbox.queue("pipeline"), "the pipeline has gone over the post again")
    assert crowd.settle() == 0


def test_shunted_in_the_midst_of_the_chunks(crowd: Crowd) -> None:
    """A post that was shunted with some chunks enqueued goes on with the others after `mailman unshunt`."""
    sandbox = crowd.list.sandbox
    queue, away = sandbox.place.queues / "out", sandbox.place.queues / "away"
    with sandbox.paused("out"):
        crowd.post()
        watch_closely(lambda: len(sandbox.queue("out")) >= CHUNK)
        queue.rename(away)
        until(lambda: sandbox.queue("shunt"), "the post is shunted")
        away.rename(queue)
        assert 0 < len(sandbox.queue("out")) < MEMBERS // CHUNK
        sandbox.command("unshunt")
        until(lambda: not sandbox.queue("pipeline") and not sandbox.queue("shunt"), "the pipeline has it again")
    assert crowd.settle() == 0


def test_accepted_from_hold(crowd: Crowd) -> None:
    """A post that a moderator accepts, and whose pipeline is killed then, goes to everybody once."""
    sandbox, held = crowd.list.sandbox, f"lists/{crowd.list.list_id}/held"
    sandbox.rest(f"lists/{crowd.list.list_id}/config", {"emergency": "yes"}, method="PATCH")
    try:
        crowd.post()
        (request,) = until(lambda: sandbox.rest(held).get("entries"), "the post is held")
    finally:
        sandbox.rest(f"lists/{crowd.list.list_id}/config", {"emergency": "no"}, method="PATCH")
    sandbox.wait_until_idle()
    assert [address for address, count in crowd.copies().items() if count] == [
        crowd.author.address
    ]  # told that it waits
    crowd.expect()
    with sandbox.paused("pipeline"):
        sandbox.rest(f"{held}/{request['request_id']}", {"action": "accept"})
    watch_closely(lambda: len(sandbox.queue("out")) > 0)
    sandbox.kill("pipeline")
    assert crowd.settle() == 0
