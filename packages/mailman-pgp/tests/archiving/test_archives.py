"""The two forms of an archive: each message once and whole, wherever its writer was killed, or the disk was full."""

from __future__ import annotations

import errno
import fcntl
import mailbox
import os
import re
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from mailman_pgp.archiving import locking, maildir, mbox

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MESSAGES = [f"Subject: {number}\n\nFrom here on,\n>From there: {number}\n".encode() * 50 for number in range(3)]
#: More than there are in either form.
POINTS = range(18)
KILLED = 9


def put_in_maildir(folder: Path, name: str, message: bytes) -> None:
    maildir.put(folder, name, message)


def put_in_mbox(folder: Path, name: str, message: bytes) -> None:
    mbox.put(folder, name, message, "ant-bounces@example.com")


def stored(folder: Path) -> list[bytes]:
    """What a mail program finds, in whatever form it is there; quoted lines as they were."""
    if not mbox.path_in(folder).exists():
        return list(maildir.messages(folder))
    with closing(mailbox.mbox(mbox.path_in(folder), create=False)) as box:
        return [re.sub(rb"(?m)^>(>*From )", rb"\1", box.get_bytes(key)) for key in box.iterkeys()]


forms = pytest.mark.parametrize("put", [put_in_maildir, put_in_mbox], ids=["maildir", "mbox"])


@forms
def test_what_was_put_is_there_once(put: Callable[[Path, str, bytes], None], tmp_path: Path) -> None:
    """Messages stand in their order, each once, however often it comes; for nobody but Mailman's user."""
    for number in (0, 1, 0, 2, 1):
        put(tmp_path / "a", f"name{number}", MESSAGES[number])
    assert [content.strip() for content in stored(tmp_path / "a")] == [message.strip() for message in MESSAGES]
    for path in tmp_path.rglob("*"):
        assert path.stat().st_mode & 0o077 == 0


def test_message_that_a_reader_has_seen_is_there_once(tmp_path: Path) -> None:
    """A reader of a maildir moves a message and gives it flags; it is still the same message."""
    maildir.put(tmp_path, "name", MESSAGES[0])
    (path,) = (tmp_path / "new").iterdir()
    path.rename(tmp_path / "cur" / f"{path.name}:2,S")
    maildir.put(tmp_path, "name", MESSAGES[0])
    assert list(maildir.messages(tmp_path)) == [MESSAGES[0]]


def test_what_is_no_message_of_a_maildir(tmp_path: Path) -> None:
    """What a reader or somebody else has put among the messages keeps nobody from them, and leads nowhere else."""
    maildir.put(tmp_path, "name", MESSAGES[0])
    (tmp_path / "secret").write_bytes(b"elsewhere")
    (tmp_path / "cur" / "1.folder").mkdir()
    (tmp_path / "cur" / "1.link").symlink_to(tmp_path / "secret")
    os.mkfifo(tmp_path / "new" / "1.pipe")
    assert list(maildir.messages(tmp_path)) == [MESSAGES[0]]


def dying_at(point: int) -> Iterator[tuple[Any, str, Any]]:
    """Functions that end the process at the call with this number, before or (when odd) after it was done; a write, in the middle."""
    left = point

    def counted(original: Any) -> Any:
        def call(*arguments: Any, **options: Any) -> Any:
            nonlocal left
            left -= 2
            if left == -2:
                os._exit(KILLED)
            result = original(*arguments, **options)
            if left == -1:
                os._exit(KILLED)
            return result

        return call

    yield os, "fsync", counted(os.fsync)
    yield mbox._Mbox, "_append", counted(_half_append)
    for name in ("rename", "unlink"):
        yield Path, name, counted(getattr(Path, name))


def _half_append(self: Any, content: bytes) -> None:
    for part in (content[: len(content) // 2], content[len(content) // 2 :]):
        self._file.write(part)
        os.fsync(self._file.fileno())


@forms
@pytest.mark.parametrize("point", POINTS)
def test_killed_at_any_point(put: Callable[[Path, str, bytes], None], point: int, tmp_path: Path) -> None:
    """Killed while it writes the second message, and come again: nothing is there half, twice, or not at all."""
    folder = tmp_path / "a"
    put(folder, "name0", MESSAGES[0])
    child = os.fork()
    if not child:
        for owner, name, function in dying_at(point):
            setattr(owner, name, function)
        put(folder, "name1", MESSAGES[1])
        os._exit(0)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    # The first ones are in the middle of either form, the last one is behind the end of both: no point is left out.
    assert status == (KILLED if point < 6 else 0 if point == POINTS[-1] else status)
    assert status in (0, KILLED)
    for number in (1, 2, 1):
        put(folder, f"name{number}", MESSAGES[number])
    assert [content.strip() for content in stored(folder)] == [message.strip() for message in MESSAGES]


@forms
def test_full_disk(put: Callable[[Path, str, bytes], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A message for which there is no room is not there at all, and the next one is."""
    folder = tmp_path / "a"
    put(folder, "name0", MESSAGES[0])

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space left"):
            put(folder, "name1", MESSAGES[1])
    assert len(stored(folder)) == 1
    put(folder, "name2", MESSAGES[2])
    assert [content.strip() for content in stored(folder)] == [MESSAGES[0].strip(), MESSAGES[2].strip()]


def test_mbox_that_somebody_else_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who keeps the mbox locked keeps a post out of it for a time that ends."""
    put_in_mbox(tmp_path, "name0", MESSAGES[0])
    monkeypatch.setattr(locking, "_PAUSE_SECONDS", 0.001)
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        with mbox.path_in(tmp_path).open("r+b") as file:
            fcntl.lockf(file, fcntl.LOCK_EX)
            os.write(writing, b"x")
            time.sleep(60)
    os.read(reading, 1)
    try:
        with mbox.path_in(tmp_path).open("r+b") as file, pytest.raises(OSError, match=r"unavailable|denied"):  # noqa: SIM117
            with locking.locked(file, patience=0.01):
                pass
    finally:
        os.kill(child, 9)
        os.waitpid(child, 0)
    put_in_mbox(tmp_path, "name1", MESSAGES[1])
    assert len(stored(tmp_path)) == 2


def test_names_of_long_ago_are_forgotten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file with the names does not grow for ever, and the last ones are still known."""
    monkeypatch.setattr(mbox, "_NAMES_KEPT", 3)
    monkeypatch.setattr(mbox, "_NAMES_BYTES", 40)
    for number in range(20):
        put_in_mbox(tmp_path, f"name{number}", b"A: b\n\nc\n")
    put_in_mbox(tmp_path, "name19", b"A: b\n\nc\n")
    assert len(stored(tmp_path)) == 20
    assert (tmp_path / "archive.names").stat().st_size < 80
