"""Which recipients of a chunk are done: a file that survives kill -9.

A row per copy is too dear (a commit costs 2 ms), an append costs microseconds. What the kernel has taken with one
write(2) stays when the process dies; after a power failure the last lines may be missing, and their copies go out
again, which is a repetition and no loss.
"""

import enum
import fcntl
import os
import weakref
from collections.abc import Callable, Iterable
from pathlib import Path

_TITLE = "chunk "  # no address holds a blank outside quotes
_TITLE_BYTES = 512
_DIRECTORY_MODE = 0o700
_FILE_MODE = 0o600


# What is done and could not be written, by file.  On a disk that stays full the same copy would go out at each attempt: so this process
# writes it before it begins the next one.
_owed: dict[str, bytes] = {}


class ProgressError(Exception):
    """Progress can't be recorded; the text says what to do. Not an OSError: core would take that for "SMTP is down"."""


class Beginning(enum.Enum):
    """What was found when a chunk was begun."""

    FRESH = "fresh"  # nobody began it before, or it was finished and its file is gone
    RESUMED = "resumed"  # a process that has ended meanwhile left off
    BUSY = "busy"  # another process is at it


class Progress:
    """The file of one chunk: a first line that names the chunk, then lower-case addresses, one a line.

    `path` is the file; its directory is made when it is missing. A file that names another chunk than `chunk_id`
    counts as empty, or that chunk's recipients would miss this one's copies. One process at a time writes to a file:
    the one whose `begin` was not answered with BUSY.
    ValueError when `chunk_id` is not one word.
    """

    def __init__(self, path: Path, chunk_id: str) -> None:
        title = f"{_TITLE}{chunk_id}\n".encode()
        if not chunk_id.isprintable() or len(chunk_id.split()) != 1 or len(title) > _TITLE_BYTES:
            raise ValueError("A chunk's id is one word of printable characters.")
        self._path = path
        self._name = str(path)  # a path works out its hash by a call of its own, for each copy
        self._title = title
        self._descriptor: int | None = None
        self._release: Callable[[], object] | None = None

    def begin(self) -> Beginning:
        """Take the file for this process, until it is closed or cleared or the process ends; make it when it is missing.

        Raises `ProgressError` when the file can't be made.
        """
        self.close()
        try:
            while True:
                descriptor = self._open_file()
                try:
                    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    self.close()
                    return Beginning.BUSY
                # Whoever had it may have removed it while we opened it; a lock on a removed file is worth nothing.
                if _is_at(descriptor, self._path):
                    break
                self.close()
            fresh = self._mend(descriptor)
            owed = _owed.get(self._name, b"")
            if fresh or owed:
                self._write(descriptor, (self._title if fresh else b"") + owed)
                _owed.pop(self._name, None)
        except OSError as error:
            self.close()
            raise self._error("write", error) from error
        self._descriptor = descriptor
        return Beginning.FRESH if fresh and not owed else Beginning.RESUMED

    def keep(self) -> None:
        """See to it that what is marked outlasts a power failure too; raises `ProgressError`."""
        if self._descriptor is None:
            return
        try:
            os.fsync(self._descriptor)
        except OSError as error:
            raise self._error("write", error) from error

    def done(self) -> set[str]:
        """The addresses marked so far, by this process or by one that was killed; empty when there is no file."""
        try:
            data = self._path.read_bytes()
        except FileNotFoundError:
            return set()
        except OSError as error:
            raise self._error("read", error) from error
        if not data.startswith(self._title):
            return set()
        lines = data[len(self._title) : _whole(data)].decode("utf-8", "replace").split("\n")
        return {line for line in lines if line and line.isprintable()}

    def mark(self, addresses: Iterable[str]) -> None:
        """Record these as done, with one write for all.

        Raises ValueError for an address that is not one line, and `ProgressError` when the file can't be written.
        """
        lines = []
        for address in addresses:
            if not address or not address.isprintable():
                raise ValueError("An address with control characters, or none at all, can't be marked as done.")
            lines.append(f"{address.lower()}\n")
        if not lines:
            return
        data = _owed[self._name] = _owed.get(self._name, b"") + "".join(lines).encode()
        try:
            if self._descriptor is None:
                self._descriptor = self._open_file()
                data = self._title + data if self._mend(self._descriptor) else data
            self._write(self._descriptor, data)
        except OSError as error:
            self.close()
            raise self._error("write", error) from error
        del _owed[self._name]

    def clear(self) -> None:
        """The chunk is finished: remove its file."""
        try:
            self._path.unlink(missing_ok=True)
        except OSError as error:
            raise self._error("remove", error) from error
        finally:
            _owed.pop(self._name, None)
            self.close()  # not before: nobody may take a file that is about to go

    def close(self) -> None:
        """Close the file and keep it."""
        if self._release is not None:
            self._release()
        self._release = self._descriptor = None

    def _open_file(self) -> int:
        """Open for appending; the descriptor is closed with this object at the latest."""
        if not self._path.parent.is_dir():
            self._path.parent.mkdir(mode=_DIRECTORY_MODE, parents=True, exist_ok=True)
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW
        descriptor = os.open(self._path, flags, _FILE_MODE)
        self._release = weakref.finalize(self, os.close, descriptor)
        return descriptor

    def _write(self, descriptor: int, data: bytes) -> None:
        if os.write(descriptor, data) != len(data):
            self.close()  # who opens the file again mends the torn line
            raise ProgressError(f"{self._path} could be written in part only: make room on the disk.")

    def _mend(self, descriptor: int) -> bool:
        """Cut off what is not a whole line of this chunk; True when nothing is left."""
        size = os.fstat(descriptor).st_size
        data = os.pread(descriptor, size, 0) if size else b""
        # A line that a dying writer left unfinished must not become the beginning of the next one.
        keep = _whole(data) if data.startswith(self._title) else 0
        if keep < size:
            os.ftruncate(descriptor, keep)
        return keep == 0

    def _error(self, verb: str, error: OSError) -> ProgressError:
        return ProgressError(
            f"Can't {verb} {self._path}: {error.strerror}. See that the disk has room and Mailman's user may write there."
        )


def _is_at(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat(follow_symlinks=False))
    except FileNotFoundError:
        return False


def _whole(data: bytes) -> int:
    """How many bytes there are up to the last line's end: half an address can be somebody else's."""
    return data.rfind(b"\n") + 1
