"""Posts that wait for a digest: each in one issue, and each issue on its way, whoever is killed and whoever comes at the same time."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from collected import ANNE, BART, post, queued, send
from outgoing import waiting

from mailman_pgp.mime import read_payload
from mailman_pgp.model.tables import DigestPost, Dropped

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

BODY = b"Content-Type: text/plain\r\n\r\nThe kestrel flies at noon.\r\n"


def age(store: Session, hours: int) -> None:
    for row in store.scalars(sa.select(DigestPost)):
        row.at -= timedelta(hours=hours)
    store.commit()


def recorded(store: Session) -> list[tuple[str, str]]:
    """What the owners see that was not sent."""
    return [(row.kind, row.reason) for row in store.scalars(sa.select(Dropped))]


def test_post_that_comes_again(ants: Any) -> None:
    """A queue file that passes twice adds one post, before and after its digest was sent."""
    post(ants)
    post(ants)
    assert send(ants) == [(1, 1)]
    post(ants)
    assert send(ants) == []
    found = queued(ants)
    assert found[ANNE][0].count(b"Content-Type: message/rfc822") == 1
    assert b"Message: 2" not in found[BART][0]


def test_what_waits_is_sealed(ants: Any, store: Session) -> None:
    """A row holds nothing of a post in the clear; one that is moved to another list opens nothing; a sent one is empty."""
    post(ants)
    row = store.scalars(sa.select(DigestPost)).one()
    assert b"Kestrels" not in row.sealed
    row.name = "moved"
    store.commit()
    assert send(ants) == [(1, 1)]
    assert queued(ants) == {}
    assert store.scalars(sa.select(DigestPost.sealed)).all() == [b""]
    assert recorded(store) == [("digest", "not-in-digest")]


def test_killed_before_the_issue_is_queued(ants: Any) -> None:
    """An issue that has its number and was not sent goes with the next post, the next command, or on the next day."""
    from mailman_pgp.digests import collection  # noqa: PLC0415 - core must be initialised

    post(ants)
    issue = collection.begin_issue(ants)
    assert issue is not None
    assert waiting() == {}
    post(ants, "Owls")
    assert [len(found) for found in queued(ants).values()] == [1, 1]
    assert send(ants) == [(1, 2)]


def test_killed_while_the_issue_is_queued(ants: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where some entries were queued, the others follow, and the first ones come again under the same names."""
    from mailman.config import config  # noqa: PLC0415 - core must be initialised

    from mailman_pgp.digests import collection  # noqa: PLC0415
    from mailman_pgp.posts.record import Record  # noqa: PLC0415

    post(ants)
    with monkeypatch.context() as patch:
        patch.setattr(collection, "finish", lambda _issue: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            send(ants)
    ants_again = ants
    assert send(ants_again) == [(1, 1)]
    out = config.switchboards["out"]
    names = []
    for name in out.files:
        _msg, msgdata = out.dequeue(name)
        out.finish(name)
        record = Record.of(msgdata)
        assert record is not None
        names.append((tuple(msgdata["recipients"]), record.chunk))
    assert len(names) == 4
    assert len(set(names)) == 2


def test_two_at_the_same_time(ants: Any, monkeypatch: pytest.MonkeyPatch, store: Session) -> None:
    """Whoever comes second takes nothing, and counts no issue."""
    from mailman_pgp.digests import collection  # noqa: PLC0415 - core must be initialised

    post(ants)
    before = ants.next_digest_number
    token = collection.secrets.token_hex

    def slow(size: int) -> str:
        # Between the look and the taking somebody else has taken it.
        store.execute(sa.update(DigestPost).values(issue="theirs", volume=9, number=9))
        return token(size)

    monkeypatch.setattr(collection.secrets, "token_hex", slow)
    assert collection.begin_issue(ants) is None
    assert ants.next_digest_number == before


def test_more_than_one_issue(ants: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is too much for one message goes in several, in order, each with a number of its own."""
    from mailman_pgp.digests import collection  # noqa: PLC0415 - core must be initialised

    monkeypatch.setattr(collection, "MOST_POSTS", 2)
    for subject in ("One", "Two", "Three"):
        post(ants, subject)
    assert send(ants) == [(1, 1), (1, 2)]
    assert sorted(b"Three" in digest for digest in queued(ants)[ANNE]) == [False, True]


def test_each_day(ants: Any, store: Session) -> None:
    """What has waited for a day is sent where the list wants that; where not, it waits for its size."""
    from mailman_pgp.digests.sending import send_each_day  # noqa: PLC0415 - core must be initialised

    post(ants)
    send_each_day()
    assert queued(ants) == {}
    age(store, 20)
    ants.digest_send_periodic = False
    store.commit()
    send_each_day()
    assert queued(ants) == {}
    ants.digest_send_periodic = True
    store.commit()
    send_each_day()
    assert sorted(queued(ants)) == [ANNE, BART]


def test_day_on_which_a_digest_can_not_be_made(
    ants: Any, store: Session, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """It is logged without a word of the posts, other lists have theirs, and the next day it is tried again."""
    from mailman_pgp.digests import sending  # noqa: PLC0415 - core must be initialised

    post(ants)
    age(store, 20)
    with monkeypatch.context() as patch:
        patch.setattr(sending, "compose_digest", lambda *_args, **_options: {}["Kestrels"])
        sending.send_each_day()
    assert "the digest of ant.example.com could not be sent" in caplog.text
    assert "Kestrels" not in caplog.text
    assert recorded(store) == [("digest", "digest-not-sent")]
    sending.send_each_day()
    assert sorted(queued(ants)) == [ANNE, BART]


def test_names_are_forgotten_in_time(ants: Any, store: Session) -> None:
    """Rows of posts that were sent go after the weeks for which everything is known; those that wait stay."""
    from mailman_pgp.digests import collection  # noqa: PLC0415 - core must be initialised

    post(ants)
    send(ants)
    post(ants, "Owls")
    age(store, 24 * 91)
    collection.prune()
    store.commit()
    assert [row.done for row in store.scalars(sa.select(DigestPost))] == [False]


def test_digest_that_can_not_be_made(
    ants: Any, store: Session, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The post is kept, its pipeline goes on, the owners see it, and the digest is tried again with the next one."""
    from mailman_pgp.digests import sending  # noqa: PLC0415 - core must be initialised

    ants.digest_size_threshold = 0.001
    with monkeypatch.context() as patch:
        patch.setattr(sending, "compose_digest", lambda *_args, **_options: {}["Kestrels"])
        post(ants)
    assert queued(ants) == {}
    assert "Kestrels" not in caplog.text
    assert recorded(store) == [("digest", "digest-not-sent")]
    post(ants, "Owls")
    assert sum(map(len, queued(ants).values())) == 4


def test_payload_is_one_that_can_be_read(ants: Any) -> None:
    """Both forms are messages that our own reader takes, with the digest's subject protected."""
    post(ants)
    send(ants)
    for digests in queued(ants).values():
        payload = read_payload(digests[0])
        assert payload.protected
        assert "Digest, Vol 1, Issue 1" in payload.subject
        assert all(len(line) <= 998 for line in digests[0].split(b"\r\n"))
