"""An mbox: one file that only grows.  No message stands in it half, or twice, wherever its writer was killed.

Beside it lie two small files.  In `*.intent` stands what is about to be appended, from where on and how long; who comes next
finds there whether the last message is complete, and takes away what is not.  In `*.names` stands what was appended.
"""

from __future__ import annotations

import contextlib
import mailbox
import os
import re
import time
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Self

from public import public

from mailman_pgp.archiving.files import make_folder, open_private, replace
from mailman_pgp.archiving.locking import locked

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_FROM = re.compile(rb"^(>*From )", re.MULTILINE)
# So many names are remembered at least; a message comes a second time right after a kill, or out of the shunt queue.
_NAMES_KEPT = 10_000
_NAMES_BYTES = 2 * _NAMES_KEPT * 34


@public
def entry(message: bytes, sender: str) -> bytes:
    """A message (LF line ends) as it stands in an mbox: behind a separator, lines that look like one quoted (mboxrd)."""
    separator = f"From {sender} {time.asctime(time.gmtime())}\n".encode("ascii", "replace")
    quoted = _FROM.sub(rb">\1", message)
    return separator + quoted.rstrip(b"\n") + b"\n\n"


@dataclass(frozen=True, slots=True)
class _Intent:
    start: int
    length: int
    name: str

    @classmethod
    def read(cls, path: Path) -> Self | None:
        try:
            start, length, name = path.read_text("ascii").split()
            return cls(int(start), int(length), name)
        except (FileNotFoundError, ValueError):  # none, or nothing that we have written
            return None

    def as_bytes(self) -> bytes:
        return f"{self.start} {self.length} {self.name}\n".encode("ascii")


@public
def put(folder: Path, name: str, message: bytes, sender: str) -> None:
    """Append a message (LF line ends) unless it was appended before.

    :param name: The same when the same message comes again, and no other message's; in ASCII, without white space.
    :param sender: For the separator.
    :raises OSError: then nothing of it is there.
    """
    make_folder(folder)
    with os.fdopen(open_private(path_in(folder)), "r+b", buffering=0) as file, locked(file):
        _Mbox(folder, file).put(name, entry(message, sender))


@public
def path_in(folder: Path) -> Path:
    """The mbox itself."""
    return folder / "archive.mbox"


@public
def messages(folder: Path) -> Iterator[bytes]:
    """All messages, in the order in which they came, but one that is not complete.  Raises OSError."""
    path = path_in(folder)
    if not path.exists():
        return
    with contextlib.closing(mailbox.mbox(path, create=False)) as box:
        for key in box.iterkeys():
            yield box.get_bytes(key)


class _Mbox:
    """An mbox whose lock this process holds."""

    def __init__(self, folder: Path, file: IO[bytes]) -> None:
        self._file = file
        self._intent = folder / "archive.intent"
        self._names = folder / "archive.names"

    def put(self, name: str, content: bytes) -> None:
        self._recover()
        if name in self._known():
            return
        start = os.fstat(self._file.fileno()).st_size
        replace(self._intent, self._intent.with_suffix(".tmp"), _Intent(start, len(content), name).as_bytes())
        try:
            self._append(content)
        except OSError:
            # A full disk.  What is there of it goes at once, not only when somebody comes next.
            self._file.truncate(start)
            self._intent.unlink(missing_ok=True)
            raise
        self._done(name)

    def _append(self, content: bytes) -> None:
        left = memoryview(content)
        while left:
            left = left[self._file.write(left) :]
        os.fsync(self._file.fileno())

    def _recover(self) -> None:
        intent = _Intent.read(self._intent)
        if intent is None:
            return
        size = os.fstat(self._file.fileno()).st_size
        if size == intent.start + intent.length:
            self._done(intent.name)
            return
        if intent.start < size < intent.start + intent.length:
            self._file.truncate(intent.start)
        # Else nothing was written yet; or somebody has put another file there.
        self._intent.unlink()

    def _done(self, name: str) -> None:
        """Remember a message that is complete; twice is as good as once."""
        with os.fdopen(open_private(self._names), "ab") as names:
            # A line of its own, also where the last one was cut off.
            names.write(f"\n{name}\n".encode("ascii"))
            names.flush()
            os.fsync(names.fileno())
        self._intent.unlink(missing_ok=True)

    def _known(self) -> set[str]:
        try:
            content = self._names.read_bytes()
        except FileNotFoundError:
            return set()
        names = content.decode("ascii", "replace").split()
        if len(content) > _NAMES_BYTES:
            names = names[-_NAMES_KEPT:]
            replace(self._names, self._names.with_suffix(".tmp"), ("\n".join(names) + "\n").encode("ascii"))
        return set(names)
