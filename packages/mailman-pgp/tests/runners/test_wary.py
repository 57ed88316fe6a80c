"""What core looks up before a message is ours to judge keeps no mail of an encrypted list from it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from outgoing import encrypt, post
from sqlalchemy.exc import OperationalError
from turns import queues, run

if TYPE_CHECKING:
    from conftest import Members
    from sqlalchemy.orm import Session

ANNE = "anne@example.com"

pytestmark = pytest.mark.usefixtures("healthy", "chains")


@pytest.fixture
def club(mlist: Any, members: Members, store: Session) -> Any:
    """An encrypted list with a member who has chosen a language that this Mailman has no more."""
    encrypt(mlist, [ANNE, "olga@example.com"])
    members.add(mlist, "olga@example.com", role="owner")
    members.add(mlist, ANNE)
    mlist.members.get_member(ANNE).preferences.preferred_language = "tlh"
    store.commit()
    _empty()
    return mlist


def _empty() -> None:
    from mailman.testing.helpers import get_queue_messages  # noqa: PLC0415 - core must be initialised

    get_queue_messages("virgin")


def come(mlist: Any, queue: str, author: str = ANNE, **metadata: Any) -> None:
    """Something in the clear comes from her, or whoever else, and is taken from its queue."""
    from mailman.config import config  # noqa: PLC0415 - core must be initialised
    from mailman.testing.helpers import specialized_message_from_string  # noqa: PLC0415

    text = f"From: {author}\nTo: {mlist.posting_address}\nSubject: help\nMessage-ID: <one@example.com>\n\nThe kestrel flies.\n"
    config.switchboards[queue].enqueue(specialized_message_from_string(text), listid=mlist.list_id, **metadata)
    run(queue)


@pytest.mark.parametrize(
    ("queue", "metadata", "then"),
    [
        ("in", {}, {"virgin": 1}),  # refused
        ("in", {"to_owner": True}, {"pipeline": 1}),
        ("command", {}, {"virgin": 1}),  # answered
    ],
    ids=["post", "owners", "command"],
)
def test_a_language_that_is_gone(club: Any, queue: str, metadata: dict[str, Any], then: dict[str, int]) -> None:
    """Mail in the clear goes its way, by which it is sealed or answered, and does not lie in the shunt queue as it came."""
    come(club, queue, **metadata)
    assert queues() == then


@pytest.mark.parametrize(
    "author",
    ["=?utf-8?b?////?=@example.com", "Anne <=?utf-8?b?////?=@example.com>", "=?nonsense?q?=FF?= <anne@example.com>"],
    ids=["address", "address and name", "name"],
)
@pytest.mark.parametrize("queue", ["in", "command"])
def test_an_author_whom_core_can_not_read(club: Any, queue: str, author: str) -> None:
    """Nor does mail in the clear by somebody whose address, or name, makes core's reading of it fail."""
    come(club, queue, author)
    assert "shunt" not in queues()
    assert queue not in queues()


def goes_to_the_members(club: Any) -> None:
    """A post by her that was accepted is taken from its queue."""
    from mailman.config import config  # noqa: PLC0415 - core must be initialised
    from mailman.email.message import Message  # noqa: PLC0415

    from mailman_pgp.posts.record import Record  # noqa: PLC0415
    from mailman_pgp.posts.sealed import Content, seal_message  # noqa: PLC0415

    _, metadata = post(club, [ANNE])
    record = Record.of(metadata)
    assert record is not None
    entity = b"Content-Type: text/plain\r\n\r\nThe kestrel flies at noon.\r\n"
    sealed = seal_message(Message(), club.list_id, record, Content(entity, {}))
    config.switchboards["pipeline"].enqueue(sealed, metadata)
    run("pipeline")


def test_on_its_way_to_the_members(club: Any) -> None:
    """A post by her goes on to them."""
    goes_to_the_members(club)
    assert queues() == {"out": 1}


def test_an_error_of_our_own(club: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """What fails behind that is not tried again."""
    from mailman_pgp.runners.incoming import IncomingRunner  # noqa: PLC0415 - core must be initialised

    tried = []

    def fail(*_: Any) -> bool:
        tried.append(1)
        raise KeyError

    club.members.get_member(ANNE).preferences.preferred_language = None
    monkeypatch.setattr(IncomingRunner, "_dispose", fail)
    come(club, "in")
    assert queues() == {"shunt": 1}
    assert tried == [1]


@pytest.mark.parametrize("asked", ["wary.is_encrypted", "incoming.is_encrypted", "incoming.must_wait"])
def test_while_the_database_is_away(
    club: Any, asked: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Mail stays in its queue, since nobody knows whether it may be shunted, and goes on when the database is back."""

    def away(*_: Any) -> bool:
        raise OperationalError("SELECT canary", {}, Exception("server closed the connection"))

    with monkeypatch.context() as patch:
        patch.setattr(f"mailman_pgp.runners.{asked}", away)
        come(club, "in")
        assert queues() == {"in": 1}
    assert "a message waits in the queue in" in caplog.text
    assert "canary" not in caplog.text
    run("in")
    assert queues() == {"virgin": 1}


def test_sealed_while_the_database_is_away(club: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """So may what is sealed, when its way has begun; before that it waits, too."""

    def away(*_: Any) -> bool:
        raise OperationalError("SELECT canary", {}, Exception("server closed the connection"))

    with monkeypatch.context() as patch:
        patch.setattr("mailman_pgp.runners.pipeline.must_wait", away)
        goes_to_the_members(club)
        assert queues() == {"shunt": 1}
        patch.setattr("mailman_pgp.runners.wary.is_encrypted", away)
        goes_to_the_members(club)
        assert queues() == {"shunt": 1, "pipeline": 1}


def test_ciphertext_while_the_database_is_away(club: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of what came encrypted the file may lie in the shunt queue, where the administrator finds it: it is not looked at each minute."""
    from mailman.config import config  # noqa: PLC0415 - core must be initialised
    from mailman.testing.helpers import specialized_message_from_string  # noqa: PLC0415

    def away(*_: Any) -> bool:
        raise OperationalError("SELECT canary", {}, Exception("server closed the connection"))

    text = (
        f"From: {ANNE}\nTo: {club.posting_address}\nMessage-ID: <two@example.com>\nMIME-Version: 1.0\n"
        'Content-Type: multipart/encrypted; protocol="application/pgp-encrypted"; boundary="b"\n\n'
        "--b\nContent-Type: application/pgp-encrypted\n\nVersion: 1\n\n"
        "--b\nContent-Type: application/octet-stream\n\n-----BEGIN PGP MESSAGE-----\n\nwcBM\n-----END PGP MESSAGE-----\n--b--\n"
    )
    config.switchboards["in"].enqueue(specialized_message_from_string(text), listid=club.list_id)
    monkeypatch.setattr("mailman_pgp.runners.incoming.must_wait", away)
    run("in")
    assert queues() == {"shunt": 1}
