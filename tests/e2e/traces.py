"""Looks for words in all that a sandbox wrote, in whatever form they may be there."""

from __future__ import annotations

import base64
import bz2
import contextlib
import gzip
import io
import lzma
import pickle
import quopri
import re
import sqlite3
import sys
import zipfile
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes

from mailman_pgp.sandbox import processes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from mailman_pgp.sandbox import Sandbox

_SPACE = re.compile(rb"\s+")
_PACKED: dict[bytes, Callable[[bytes], bytes]] = {
    b"\x1f\x8b\x08": lambda data: zlib.decompressobj(31).decompress(data),
    b"BZh": lambda data: bz2.BZ2Decompressor().decompress(data),
    b"\xfd7zXZ\x00": lambda data: lzma.LZMADecompressor().decompress(data),
    b"\x78\x01": lambda data: zlib.decompressobj().decompress(data),
    b"\x78\x9c": lambda data: zlib.decompressobj().decompress(data),
    b"\x78\xda": lambda data: zlib.decompressobj().decompress(data),
}
_PICKLE = b"\x80"
_DEEPEST = 3


# Where a form of so many bytes or more is, there is a whole block of it, at a multiple of the block's size.
_BLOCK_BYTES = 8
_LONG_BYTES = 2 * _BLOCK_BYTES - 1

# More than any form of a word: what of a log is searched again when the log has grown.
_OVERLAP_BYTES = 4096


class _Forms:
    """Many byte strings to look for at once, given with a name for each."""

    def __init__(self, names: Mapping[bytes, str]) -> None:
        self._names = dict(names)
        self._short = {form: name for form, name in names.items() if len(form) < _LONG_BYTES}
        self._blocks = {
            int.from_bytes(form[at : at + _BLOCK_BYTES], sys.byteorder)
            for form in names.keys() - self._short.keys()
            for at in range(len(form) - _BLOCK_BYTES + 1)
        }

    def within(self, data: bytes) -> set[str]:
        """The names of those that are in `data`.

        To look for each is slow; that no block of any is there, which is nearly always so, is known from one pass.
        """
        whole = memoryview(data)[: len(data) // _BLOCK_BYTES * _BLOCK_BYTES].cast("Q")
        forms = self._short if self._blocks.isdisjoint(whole) else self._names
        return {name for form, name in forms.items() if form in data}


class Traces:
    """Searches for `words`, given with a name for each.

    They are in no file below `unsullied`: words that were made up just now are not in what was written before.
    """

    def __init__(self, words: Mapping[str, str], unsullied: Path | None = None) -> None:
        self._names = set(words.values())
        in_lower_case: dict[bytes, str] = {}
        exact: dict[bytes, str] = {}
        for word, name in words.items():
            for form in _lower_case_forms(word):
                in_lower_case[form] = name
            for form in _exact_forms(word):
                exact[form] = name
        self._in_lower_case, self._exact = _Forms(in_lower_case), _Forms(exact)
        self._clean: dict[Path, tuple[int, int, int]] = {}
        for path in unsullied.rglob("*") if unsullied is not None else ():
            with contextlib.suppress(FileNotFoundError):
                self._clean[path] = _state(path)

    def within(self, data: bytes, depth: int = 0) -> set[str]:
        """The names of the words in `data`: raw in any case and any UTF, in hexadecimal, percent-encoding, base64 and
        quoted-printable, folded or not, in pickles, and in what is compressed.
        """
        found: set[str] = set()
        for view in _views(data):
            found |= self._in_lower_case.within(view.lower()) | self._exact.within(view)
        if depth < _DEEPEST:
            for inner in (*_unpacked(data), *_unpickled(data)):
                found |= self.within(inner, depth + 1)
        return found

    def in_sandbox(self, sandbox: Sandbox) -> dict[str, set[str]]:
        """The words in all files below the sandbox's directory, in all rows of its database, and in its processes' arguments, by the place."""
        found: dict[str, set[str]] = {}
        for path in sorted(sandbox.place.root.rglob("*")):
            # A queue's file may go to the next queue meanwhile; there it is seen.
            with contextlib.suppress(FileNotFoundError):
                if names := self._in_file(path):
                    found[str(path.relative_to(sandbox.place.root))] = names
        for table, content in tables(sandbox):
            if names := self.within(content):
                found[f"database:{table}"] = names
        pids = sandbox.pids()
        for name, pid in pids.items():
            for process in {pid, *processes.descendants(pid)}:
                if names := self.in_process(process):
                    found[f"process:{name}"] = names
        return found

    def in_process(self, pid: int) -> set[str]:
        """The words in what everybody sees of a process (its arguments), and in its environment."""
        with contextlib.suppress(OSError):  # it has ended
            place = Path("/proc") / str(pid)
            return self.within((place / "cmdline").read_bytes() + (place / "environ").read_bytes())
        return set()

    def _in_file(self, path: Path) -> set[str]:
        """The words in a file and in its name; a file that did not change since it was clean is clean."""
        names = self.within(path.name.encode())
        if not path.is_file():
            return names
        state, before = _state(path), self._clean.get(path)
        if state == before:
            return set()
        # A log only grows.
        grown = path.suffix == ".log" and before is not None and before[0] == state[0] and before[1] <= state[1]
        with path.open("rb") as file:
            file.seek(max(0, before[1] - _OVERLAP_BYTES) if grown and before else 0)
            names |= self.within(file.read())
        if not names:
            self._clean[path] = state
        return names


def _state(path: Path) -> tuple[int, int, int]:
    status = path.stat()
    return (status.st_ino, status.st_size, status.st_mtime_ns)


def _lower_case_forms(word: str) -> Iterator[bytes]:
    """What to look for in lower-cased data."""
    for encoding in ("utf-8", "utf-16-le", "utf-16-be", "utf-32-le"):
        yield word.lower().encode(encoding)
    for cased in _cases(word):
        yield cased.encode().hex().encode()


def _exact_forms(word: str) -> Iterator[bytes]:
    """What to look for in data as it is: base64 in its three alignments."""
    for cased in _cases(word):
        for encoding in ("utf-8", "utf-16-le", "utf-16-be"):
            raw = cased.encode(encoding)
            for before in range(3):
                encoded = base64.b64encode(b"\0" * before + raw)
                # The characters at both ends depend on the neighbours too.
                whole = encoded[(0, 2, 3)[before] : (before + len(raw)) * 8 // 6]
                yield whole
                yield whole.replace(b"+", b"-").replace(b"/", b"_")


def _cases(word: str) -> set[str]:
    return {word, word.lower(), word.upper(), word.title(), word.capitalize()}


def _views(data: bytes) -> Iterator[bytes]:
    """The data, and what is left of it when folding and the text encodings are undone."""
    yield data
    yield _SPACE.sub(b"", data)
    # Python's repr of bytes, JSON, and SQL show line ends as two characters.
    yield data.replace(b"\\r", b"").replace(b"\\n", b"")
    if b"=" in data:
        yield quopri.decodestring(data)
    if b"%" in data:
        yield unquote_to_bytes(data)


def _unpacked(data: bytes) -> Iterator[bytes]:
    """What is compressed in the data, at its begin or further on."""
    for magic, unpack in _PACKED.items():
        at = data.find(magic)
        while at >= 0:
            # By chance the magic is anywhere; what can't be unpacked is none.
            with contextlib.suppress(zlib.error, OSError, lzma.LZMAError, EOFError, ValueError):
                yield unpack(data[at:])
            at = data.find(magic, at + 1)
    if b"PK\x03\x04" in data:
        with contextlib.suppress(zipfile.BadZipFile), zipfile.ZipFile(io.BytesIO(data)) as archive:
            for member in archive.namelist():
                yield member.encode()
                yield archive.read(member)


def _unpickled(data: bytes) -> Iterator[bytes]:
    """All texts in the objects of pickles that follow each other, as a queue file has them."""
    if not data.startswith(_PICKLE):
        return
    stream = io.BytesIO(data)
    pending: list[Any] = []
    with contextlib.suppress(EOFError, pickle.UnpicklingError, ValueError):
        while True:
            pending.append(pickle.load(stream))
    seen: set[int] = set()
    while pending:
        thing = pending.pop()
        if id(thing) in seen:
            continue
        seen.add(id(thing))
        if isinstance(thing, bytes):
            yield thing
        elif isinstance(thing, str):
            yield thing.encode("utf-8", "surrogateescape")
        elif isinstance(thing, dict):
            pending += [*thing, *thing.values()]
        elif isinstance(thing, list | tuple | set | frozenset):
            pending += thing
        else:
            yield repr(thing).encode("utf-8", "replace")
            pending += [getattr(thing, "__dict__", {})]


def tables(sandbox: Sandbox) -> Iterator[tuple[str, bytes]]:
    """All values of each table of the sandbox's database, with the table's name."""
    url = sandbox.options.database_url
    if url is not None:
        yield from _tables_of_server(url)
        return
    database = sandbox.place.var / "data" / "mailman.db"
    with contextlib.closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=30)) as connection:
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            yield name, _values(connection.execute(f'SELECT * FROM "{name}"'))


def _tables_of_server(url: str) -> Iterator[tuple[str, bytes]]:
    """The system's tables too: they hold statistics of the values."""
    from sqlalchemy import create_engine, text  # noqa: PLC0415 - only where a server is asked for

    engine = create_engine(url)
    query = "SELECT schemaname, tablename FROM pg_tables WHERE schemaname <> 'information_schema'"
    with engine.connect() as connection:
        for schema, name in connection.execute(text(query)).all():
            yield name, _values(connection.execute(text(f'SELECT * FROM "{schema}"."{name}"')))
    engine.dispose()


def _values(rows: Iterable[Any]) -> bytes:
    values = (value for row in rows for value in row if value is not None)
    return b"\n".join(
        bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode("utf-8", "replace")
        for value in values
    )


def compressed_forms(data: bytes) -> dict[str, bytes]:
    """The data in each compressed form that is searched, for tests of the search."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as writing:
        writing.writestr("a", data)
    return {
        "gzip": gzip.compress(data, mtime=0),
        "zlib": zlib.compress(data),
        "bzip2": bz2.compress(data),
        "xz": lzma.compress(data),
        "zip": archive.getvalue(),
    }
