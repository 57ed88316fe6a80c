"""A process is killed at any point between the collection of a post and the end of its issue: nothing is lost, and nothing comes twice."""

from __future__ import annotations

import itertools
import os
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from collected import ANNE, BART, post, send

from mailman_pgp.model.tables import DigestPost

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.orm import Session

KILLED = 9
SUBJECTS = ("Kestrels", "Owls", "Robins")


def dying_at(core: Any, point: int) -> None:
    """End this process at the point with this number: right before something is written, or right before or after a commit or a queue file."""
    from mailman.core.switchboard import Switchboard  # noqa: PLC0415 - core must be initialised

    left = itertools.count(-point)

    def here(*_: Any, **_options: Any) -> None:
        if next(left) == 0:
            os._exit(KILLED)

    def writes(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if not statement.startswith("SELECT"):
            here()

    def enqueue(*arguments: Any, original: Any = Switchboard.enqueue, **keywords: Any) -> Any:
        here()
        name = original(*arguments, **keywords)
        here()
        return name

    Switchboard.enqueue = enqueue
    sa.event.listen(core.db.engine, "before_cursor_execute", writes)
    sa.event.listen(core.db.engine, "commit", here)
    sa.event.listen(core.db.sessionmaker, "after_commit", here)


def killed_at(core: Any, store: Session, point: int, work: Callable[[], object]) -> bool:
    """Do something in a process that is killed at a point; False when it has come to its end before."""
    store.commit()
    if not (child := os.fork()):
        try:
            core.db.engine.dispose(close=False)
            dying_at(core, point)
            work()
            os._exit(0)
        finally:
            os._exit(1)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert status in (0, KILLED)
    store.expire_all()
    return status == KILLED


def issues(mlist: Any) -> dict[str, dict[str, bytes]]:
    """What is on its way to each reader: issues, opened, by the names of their chunks, under which each is sent once."""
    from mailman.config import config  # noqa: PLC0415 - core must be initialised

    from mailman_pgp.posts.record import Record  # noqa: PLC0415

    out = config.switchboards["out"]
    found: dict[str, dict[str, bytes]] = {}
    for name in out.files:
        msg, msgdata = out.dequeue(name)
        out.finish(name)
        record = Record.of(msgdata)
        assert record is not None
        for recipient in msgdata["recipients"]:
            found.setdefault(recipient, {})[record.chunk] = msg.unseal(mlist.list_id, record).entity
    return found


@pytest.mark.parametrize("full", [True, False], ids=["collected", "by-command"])
def test_killed_at_any_point(core: Any, store: Session, ants: Any, full: bool) -> None:  # noqa: FBT001 - two cases
    """Whoever comes next finishes it: each reader has each post in one issue, and the numbers of issues leave none out."""
    number = ants.next_digest_number
    for point in itertools.count():
        ants.digest_size_threshold = 0.0001 if full else 1000
        before = [f"{subject} {point:03}" for subject in SUBJECTS[: 0 if full else 2]]
        for subject in before:
            post(ants, subject)
        last = f"{SUBJECTS[2]} {point:03}"
        killed = killed_at(core, store, point, lambda last=last: post(ants, last) if full else send(ants))
        post(ants, last)  # its queue file passes again, and is known
        send(ants)
        read = issues(ants)
        assert sorted(read) == [ANNE, BART]
        for chunks in read.values():
            for subject in (*before, last):
                # Among the topics, and in its own header.
                assert sum(content.count(subject.encode()) for content in chunks.values()) == 2, f"point {point}"
        assert store.scalars(sa.select(DigestPost.id).where(DigestPost.done.is_(False))).all() == []
        used = set(store.scalars(sa.select(DigestPost.number)))
        assert used == set(range(number, ants.next_digest_number))
        if not killed:
            break
    assert point > 8, "There are fewer points than there were."
