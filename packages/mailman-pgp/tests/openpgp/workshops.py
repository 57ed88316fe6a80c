"""Workshops of a test's own, and what is seen of their processes."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import textwrap
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from keys import forge_usable

from mailman_pgp.openpgp.workshop import Bounds, Workshop

if TYPE_CHECKING:
    from collections.abc import Callable


ANTS = forge_usable("Ants <ants@example.com>")
BOUNDS = Bounds(seconds=30, memory_bytes=64 << 20, answer_bytes=1 << 20)
PROC = Path("/proc")
opened: list[Workshop] = []


def read_key(shop: Workshop) -> str:
    """Have a certificate read; return its fingerprint."""
    answer, _ = shop.request("certificates", {}, [ANTS.public], bounds=BOUNDS)
    fingerprint: str = answer["certificates"][0]["fingerprint"]
    return fingerprint


def wait_until(condition: Callable[[], bool]) -> None:
    """Poll until something is so."""
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def gone(pid: int) -> bool:
    """Whether a process has ended (a zombie has)."""
    try:
        return PROC.joinpath(str(pid), "stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def running(shop: Workshop) -> int:
    """The process ID of the stem, which there must be."""
    assert shop.pid is not None
    return shop.pid


def workers(shop: Workshop) -> list[int]:
    """The process IDs of its workers."""
    return children(running(shop))


def children(pid: int) -> list[int]:
    """The process IDs of a process's children."""
    return [int(child) for child in PROC.joinpath(f"{pid}/task/{pid}/children").read_text().split()]


def descriptors() -> set[str]:
    """What this process has open, but for files; each socket and pipe has a name of its own."""
    found = set()
    for name in PROC.joinpath("self/fd").iterdir():
        with contextlib.suppress(OSError):  # that of the directory, which is closed again
            found.add(str(name.readlink()))
    return {name for name in found if not name.startswith("/")}


def in_a_child(tell: Callable[[], object]) -> Any:
    """What is told by a child that is forked now, and of which nothing else is left."""
    read_end, write_end = os.pipe()
    child = os.fork()
    if child == 0:
        with contextlib.suppress(BaseException):
            os.write(write_end, json.dumps(tell()).encode())
        os._exit(0)
    os.close(write_end)
    with os.fdopen(read_end) as pipe:
        told = json.load(pipe)
    os.waitpid(child, 0)
    return told


def scripted(body: str) -> Workshop:
    """A workshop whose workers run a script; it has `read`, `request` and `write`."""
    made = Workshop(stem_of(body))
    opened.append(made)
    return made


def stem_of(body: str) -> list[str]:
    """The command that starts the stem of such workers."""
    script = """
        import json, os, sys, time
        from mailman_pgp.openpgp import stem, worker
        def read(count):
            data = b""
            while len(data) < count:
                piece = os.read(0, count - len(data))
                if not piece:
                    os._exit(0)
                data += piece
            return data
        def request():
            header = json.loads(read(int.from_bytes(read(4), "big")))
            return header, [read(length) for length in header["blobs"]]
        def write(header, *blobs):
            text = json.dumps({**header, "blobs": [len(blob) for blob in blobs]}).encode()
            rest = len(text).to_bytes(4, "big") + text + b"".join(blobs)
            while rest:
                rest = rest[os.write(1, rest):]
        def work():
            exec(BODY, globals())
        stem.main(work)
    """
    prelude = f"BODY = {textwrap.dedent(body)!r}\n"
    return [sys.executable, "-c", prelude + textwrap.dedent(script)]
