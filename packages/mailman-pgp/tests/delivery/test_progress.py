"""The progress file: what is marked stays marked, whatever becomes of the process."""

import os
import random
import signal
import stat
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailman_pgp.delivery.progress import Beginning, Progress, ProgressError


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "progress" / "chunk-1"


def test_what_is_marked_is_done(path: Path) -> None:
    """Marked addresses are done, in lower case, for this process and for the next."""
    progress = Progress(path, "chunk-1")
    assert progress.done() == set()
    progress.mark(["Anne@Example.com", "bart@example.com"])
    progress.mark([])
    progress.mark(["m\u00fcller@example.com"])
    expected = {"anne@example.com", "bart@example.com", "m\u00fcller@example.com"}
    assert progress.done() == expected
    progress.close()
    assert Progress(path, "chunk-1").done() == expected


def test_nothing_marked_leaves_no_file(path: Path) -> None:
    """Asking makes no file."""
    progress = Progress(path, "chunk-1")
    progress.mark([])
    assert progress.done() == set()
    progress.clear()
    assert not path.parent.exists()


def test_only_mailman_reads_it(path: Path) -> None:
    """The file is 0600 and its directory 0700, whatever the umask says."""
    before = os.umask(0)
    try:
        Progress(path, "chunk-1").mark(["anne@example.com"])
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_clear(path: Path) -> None:
    """A finished chunk leaves nothing; the same object can begin again."""
    progress = Progress(path, "chunk-1")
    progress.mark(["anne@example.com"])
    progress.clear()
    progress.clear()
    assert not path.exists()
    assert progress.done() == set()
    progress.mark(["bart@example.com"])
    assert progress.done() == {"bart@example.com"}


def test_a_file_of_another_chunk(path: Path) -> None:
    """What was done for one chunk is not done for another one, even in the same file."""
    Progress(path, "chunk-1").mark(["anne@example.com"])
    other = Progress(path, "chunk-10")
    assert other.done() == set()
    other.mark(["bart@example.com"])
    assert other.done() == {"bart@example.com"}
    assert Progress(path, "chunk-1").done() == set()


def test_a_torn_line_counts_for_nobody(path: Path) -> None:
    """Wherever the file ends, only whole lines count, and the next mark does not continue a torn one."""
    Progress(path, "chunk-1").mark(["anne@example.com", "bart@example.co"])
    whole = path.read_bytes()
    for length in range(len(whole) + 1):
        path.write_bytes(whole[:length])
        progress = Progress(path, "chunk-1")
        lines = {line.decode() for line in whole[:length].split(b"\n")[1:-1]}
        assert progress.done() == lines
        progress.mark(["cate@example.com"])
        assert progress.done() == lines | {"cate@example.com"}
        progress.close()


@settings(max_examples=50)
@given(data=st.binary(max_size=100))
def test_a_damaged_file(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    """Whatever stands in the file, reading and marking go on, and no line with control characters is an address."""
    path = tmp_path_factory.mktemp("damaged") / "file"
    path.write_bytes(b"chunk x\n" + data)
    progress = Progress(path, "x")
    assert all(line.isprintable() for line in progress.done())
    progress.mark(["anne@example.com"])
    assert "anne@example.com" in progress.done()
    progress.close()


@pytest.mark.parametrize("address", ["", "a@b\nc@d", "a@b\r", "a\0b"])
def test_an_address_is_one_line(path: Path, address: str) -> None:
    """What is not one line can't be marked, and marks nothing beside it."""
    progress = Progress(path, "chunk-1")
    with pytest.raises(ValueError, match="control characters"):
        progress.mark(["anne@example.com", address])
    assert progress.done() == set()


@pytest.mark.parametrize("chunk", ["", "two words", "a\nb", "x" * 600])
def test_a_chunk_id_is_one_word(path: Path, chunk: str) -> None:
    """The first line can't be forged by a chunk's name."""
    with pytest.raises(ValueError, match="one word"):
        Progress(path, chunk)


def test_errors_are_not_os_errors(path: Path, tmp_path: Path) -> None:
    """An OSError would tell core that the mail server is down: another error says what to do."""
    assert not issubclass(ProgressError, OSError)
    (tmp_path / "progress").write_text("in the way")
    with pytest.raises(ProgressError, match="Can't write"):
        Progress(path, "chunk-1").mark(["anne@example.com"])
    with pytest.raises(ProgressError, match="Can't read"):
        Progress(path, "chunk-1").done()


def test_a_link_is_not_followed(path: Path, tmp_path: Path) -> None:
    """A link in the place of the file is not written through."""
    path.parent.mkdir()
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ProgressError):
        Progress(path, "chunk-1").mark(["anne@example.com"])
    assert not (tmp_path / "elsewhere").exists()


def test_a_full_disk(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A batch that could be written in part only is an error, and its torn line is mended with the next."""
    progress = Progress(path, "chunk-1")
    progress.mark(["anne@example.com"])
    write = os.write
    with monkeypatch.context() as patched:
        patched.setattr(os, "write", lambda descriptor, data: write(descriptor, data[:20]))
        with pytest.raises(ProgressError, match="disk"):
            progress.mark(["bart@example.com", "cate@example.com"])
    assert progress.done() == {"anne@example.com", "bart@example.com"}
    progress.mark(["cate@example.com"])
    assert progress.done() == {"anne@example.com", "bart@example.com", "cate@example.com"}


def test_what_could_not_be_written_is_written_first(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is begun anew before that: on a disk that stays full, the same copy would go out at each attempt."""
    progress = Progress(path, "chunk-1")
    assert progress.begin() is Beginning.FRESH
    with monkeypatch.context() as patched:
        patched.setattr(os, "write", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
        with pytest.raises(ProgressError, match="disk"):
            progress.mark(["anne@example.com"])
        with pytest.raises(ProgressError, match="disk"):
            Progress(path, "chunk-1").begin()
    following = Progress(path, "chunk-1")
    assert following.begin() is Beginning.RESUMED
    assert following.done() == {"anne@example.com"}
    following.clear()
    assert following.begin() is Beginning.FRESH
    assert following.done() == set()


def test_a_disk_too_full_to_begin(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A first line that could be written in part only is an error, or nobody who is marked behind it would count."""
    write = os.write
    progress = Progress(path, "chunk-1")
    with monkeypatch.context() as patched:
        patched.setattr(os, "write", lambda descriptor, data: write(descriptor, data[:3]))
        with pytest.raises(ProgressError, match="disk"):
            progress.begin()
    assert progress.begin() is Beginning.FRESH
    progress.mark(["anne@example.com"])
    assert progress.done() == {"anne@example.com"}


def test_the_file_is_closed_with_its_object(path: Path) -> None:
    """A forgotten object leaves no open file behind."""
    progress = Progress(path, "chunk-1")
    progress.mark(["anne@example.com"])
    descriptor = progress._descriptor
    assert descriptor is not None
    os.fstat(descriptor)
    del progress
    with pytest.raises(OSError, match="descriptor"):
        os.fstat(descriptor)


def mark_until_killed(path: Path, acknowledge: int, seed: int) -> None:
    """Mark batch after batch, and tell the parent the number of each that returned."""
    lengths = random.Random(seed)
    progress = Progress(path, "chunk-1")
    number = 0
    while True:
        size = lengths.randint(1, 40)
        progress.mark(f"member-{n}@example.com" for n in range(number, number + size))
        number += size
        os.write(acknowledge, b"%d\n" % number)


def test_kill_minus_nine(path: Path) -> None:
    """Killed at any moment, a process has left every batch that it marked, and never half an address."""
    moments = random.Random(1)
    done = 0
    for seed in range(30):
        path.unlink(missing_ok=True)
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                os.close(reading)
                mark_until_killed(path, writing, seed)
            finally:
                os._exit(1)
        os.close(writing)
        with os.fdopen(reading, "rb") as acknowledged:
            seen = acknowledged.read(moments.randint(1, 2000))
            os.kill(child, signal.SIGKILL)
            seen += acknowledged.read()
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
        marked = int(seen[: seen.rindex(b"\n")].rpartition(b"\n")[2]) if b"\n" in seen else 0
        found = Progress(path, "chunk-1").done()
        assert {f"member-{n}@example.com" for n in range(marked)} <= found
        assert found == {f"member-{n}@example.com" for n in range(len(found))}
        done += marked
    assert done > 0


def test_only_one_process_at_a_time(path: Path) -> None:
    """Who begins a chunk that another one is at is told so; once the other one has ended, the chunk is resumed."""
    first, second = Progress(path, "chunk-1"), Progress(path, "chunk-1")
    assert first.begin() is Beginning.FRESH
    assert second.begin() is Beginning.BUSY
    first.mark(["anne@example.com"])
    assert second.begin() is Beginning.BUSY
    first.close()
    assert second.begin() is Beginning.RESUMED
    assert second.done() == {"anne@example.com"}
    second.clear()
    assert first.begin() is Beginning.FRESH


def test_begun_without_a_copy_is_resumed(path: Path) -> None:
    """A chunk that was begun and interrupted before its first copy is not taken for a new one."""
    assert Progress(path, "chunk-1").begin() is Beginning.FRESH
    resumed = Progress(path, "chunk-1")
    assert resumed.begin() is Beginning.RESUMED
    assert resumed.done() == set()
    resumed.mark(["anne@example.com"])
    resumed.keep()
    assert resumed.done() == {"anne@example.com"}


def test_a_removed_file_is_not_begun(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who opened a file just before its owner removed it begins a new one, and not the one that nobody can see."""
    owner, late = Progress(path, "chunk-1"), Progress(path, "chunk-1")
    owner.begin()
    owner.mark(["anne@example.com"])
    really_open = late._open_file
    opened: list[int] = []

    def open_just_before() -> int:
        opened.append(really_open())
        if len(opened) == 1:
            owner.clear()
        return opened[-1]

    monkeypatch.setattr(late, "_open_file", open_just_before)
    assert late.begin() is Beginning.FRESH
    assert len(opened) == 2
    assert late.done() == set()
    assert path.exists()


def test_beginning_is_no_os_error(path: Path) -> None:
    """A directory that can't be made is an error with a sentence, not "SMTP is down"."""
    path.parent.parent.joinpath("progress").write_text("in the way")
    with pytest.raises(ProgressError, match="Can't write"):
        Progress(path, "chunk-1").begin()
