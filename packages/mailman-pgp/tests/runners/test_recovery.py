"""A message over which its runner dies again and again: of an encrypted list it is kept where `mailman unshunt` finds it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from outgoing import encrypt, enqueue

from mailman_pgp.posts.record import Kind, Record

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.usefixtures("healthy")
LISTED = {
    "in": "IncomingRunner",
    "pipeline": "PipelineRunner",
    "command": "CommandRunner",
    "out": "OutgoingRunner",
    "virgin": "VirginRunner",
    "retry": "RetryRunner",
}


@pytest.fixture(autouse=True)
def queues(core: Any) -> Iterator[Any]:
    """The queues, empty before and afterwards."""
    _clear(core)
    yield core.switchboards
    _clear(core)


def _clear(core: Any) -> None:
    from pathlib import Path  # noqa: PLC0415

    for name in (*LISTED, "shunt", "bad"):
        for path in Path(core.switchboards[name].queue_directory).iterdir():
            path.unlink()


def start(name: str) -> Any:
    """A runner."""
    from mailman_pgp import runners  # noqa: PLC0415 - core must be initialised

    return getattr(runners, LISTED[name])(name)


def dies_over_all(name: str) -> int:
    """Start a runner that is killed over the first message, until there is none; how often it has died."""
    deaths = 0
    while entries := (switchboard := start(name).switchboard).files:
        switchboard.dequeue(entries[0])
        deaths += 1
        assert deaths < 10
    return deaths


def came(mlist: Any, queues: Any, name: str, **more: Any) -> str:
    """A message comes, of which nothing is known yet; the name of its file."""
    from mailman.email.message import Message  # noqa: PLC0415 - core must be initialised

    message = Message()
    message["From"] = "anne@example.com"
    message["Subject"] = "..."
    return str(queues[name].enqueue(message, listid=mlist.list_id, **more))


def kept(queues: Any, name: str) -> list[tuple[Any, dict[str, Any]]]:
    """What lies in a queue where nothing is at work."""
    return [queues[name].dequeue(file) for file in queues[name].files]


@pytest.mark.parametrize("name", LISTED)
def test_shunted(mlist: Any, queues: Any, name: str) -> None:
    """At the third death; it is whole, and goes on in its queue when it is put back."""
    encrypt(mlist, [])
    came(mlist, queues, name)
    assert dies_over_all(name) == 3
    ((message, metadata),) = kept(queues, "shunt")
    assert message["from"] == "anne@example.com"
    assert (metadata["whichq"], metadata["listid"]) == (name, mlist.list_id)
    assert "_bak_count" not in metadata
    assert queues["bad"].get_files(".psv") == []


@pytest.mark.parametrize(
    ("name", "more", "kind"),
    [("in", {}, Kind.POST), ("in", {"to_owner": True}, Kind.OWNER), ("command", {}, Kind.COMMAND)],
)
def test_own_claim(mlist: Any, queues: Any, name: str, more: dict[str, Any], kind: Kind) -> None:
    """What it has claimed before the last death counts as its own afterwards: it is not refused as a copy of itself."""
    encrypt(mlist, [])
    file = came(mlist, queues, name, **more)
    dies_over_all(name)
    ((_message, metadata),) = kept(queues, "shunt")
    record = Record.of(metadata)
    assert record is not None
    assert (record.claim, record.kind) == (file, kind)


def test_what_is_known_stays_known(mlist: Any, queues: Any) -> None:
    """A post that was judged before, and shunted, keeps all that was found out."""
    encrypt(mlist, [])
    known = Record(kind=Kind.POST, author="anne@example.com", claim="before", fingerprint="F")
    came(mlist, queues, "in", **known.to_kws())
    dies_over_all("in")
    ((_message, metadata),) = kept(queues, "shunt")
    assert Record.of(metadata) == known


def test_chunk(mlist: Any, queues: Any) -> None:
    """A chunk of a post that makes no progress."""
    encrypt(mlist, ["bart@example.com"])
    enqueue(mlist, ["bart@example.com"])
    dies_over_all("out")
    ((_message, metadata),) = kept(queues, "shunt")
    record = Record.of(metadata)
    assert record is not None
    assert record.chunk


@pytest.mark.parametrize("name", LISTED)
def test_plain_list(mlist: Any, queues: Any, name: str) -> None:
    """Its mail is core's, which sets it aside as ever."""
    came(mlist, queues, name)
    assert dies_over_all(name) == 3
    assert kept(queues, "shunt") == []
    assert len(queues["bad"].get_files(".psv")) == 1


def test_file_that_is_broken(mlist: Any, queues: Any, caplog: pytest.LogCaptureFixture) -> None:
    """Core sets it aside at once, and those beside it go on."""
    from pathlib import Path  # noqa: PLC0415

    encrypt(mlist, [])
    broken, whole = came(mlist, queues, "in"), came(mlist, queues, "in")
    folder = Path(queues["in"].queue_directory)
    (folder / f"{broken}.pck").rename(folder / f"{broken}.bak")
    (folder / f"{broken}.bak").write_bytes(b"\x80")
    assert start("in").switchboard.files == [whole]
    assert queues["bad"].get_files(".psv") == [broken]
    assert "is left to core" in caplog.text


def test_no_room_in_shunt(mlist: Any, queues: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Then it stays where it is, and is shunted as soon as there is."""
    encrypt(mlist, [])
    file = came(mlist, queues, "in")

    def full(*_: Any, **_more: Any) -> Any:
        raise OSError("No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(queues["shunt"], "enqueue", full)
        for _ in range(5):
            switchboard = start("in").switchboard
            assert switchboard.files == [file]
            switchboard.dequeue(file)
    assert dies_over_all("in") == 0
    assert (len(kept(queues, "shunt")), queues["bad"].get_files(".psv")) == (1, [])
