"""The search that the tests with a canary stand on finds a word in each form in which it could be on a disk."""

from __future__ import annotations

import base64
import binascii
import gzip
import json
import pickle
import quopri
import sqlite3
import subprocess
import sys
from email.header import Header
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from mailman.email.message import Message
from traces import Traces, compressed_forms, tables

if TYPE_CHECKING:
    from pathlib import Path

WORD = "kestrelatnoon"
TEXT = f"The {WORD} flies."


@pytest.fixture
def traces() -> Traces:
    return Traces({WORD: "it"})


def folded(data: bytes, width: int = 5) -> bytes:
    return b"\r\n ".join(data[at : at + width] for at in range(0, len(data), width))


def message() -> Message:
    made = Message()
    made["Subject"] = Header(TEXT.upper(), "utf-16")
    made.set_payload(base64.encodebytes(TEXT.encode()).decode())
    return made


@pytest.mark.parametrize(
    "data",
    [
        TEXT.encode(),
        TEXT.upper().encode(),
        TEXT.encode("utf-16"),
        TEXT.encode("utf-16-be"),
        folded(TEXT.encode()),
        TEXT.encode().hex().encode(),
        binascii.b2a_hex(TEXT.upper().encode()).upper(),
        quopri.encodestring(("=" * 67 + TEXT).encode()),
        "".join(f"={ord(character):02X}" for character in TEXT).encode(),
        "".join(f"%{ord(character):02x}" for character in TEXT).encode(),
        folded(base64.b64encode(TEXT.encode())),
        repr(base64.encodebytes(b"x" * 48 + TEXT.encode())).encode(),
        base64.b64encode(TEXT.encode("utf-16")),
        json.dumps({"a": TEXT}).encode(),
        Header(TEXT, "utf-8").encode().encode(),
        pickle.dumps(message(), 4) + pickle.dumps({"a": 1}),
        pickle.dumps({"a": 1}) + pickle.dumps({"b": ["c", (gzip.compress(TEXT.encode(), mtime=0),)]}),
        *compressed_forms(b"x" * 1000 + TEXT.encode()).values(),
        b"something before" + gzip.compress(base64.b64encode(TEXT.encode()), mtime=0),
    ],
)
def test_word_is_found(traces: Traces, data: bytes) -> None:
    """In this form; and without the word nothing is found."""
    assert traces.within(data) == {"it"}
    assert not Traces({"kestrelatnight": "other"}).within(data)


@pytest.mark.parametrize("before", range(3))
@pytest.mark.parametrize("case", [str.lower, str.upper, str.title])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-16-be"])
def test_word_is_found_in_base64_at_each_alignment(traces: Traces, before: int, case: Any, encoding: str) -> None:
    """Whatever stands before and behind it."""
    for neighbour in (b"\0", b"a", b"\xff"):
        data = base64.b64encode(neighbour * before + case(WORD).encode(encoding) + neighbour * 2)
        assert traces.within(data) == {"it"}


@pytest.mark.parametrize("length", range(13, 18))
def test_word_is_found_wherever_it_stands(length: int) -> None:
    """At any place, the begin and the end too, whether it is shorter than what is looked for in one pass or not."""
    word = "kestrelatnoonflies"[:length]
    for before in range(17):
        for behind in range(9):
            assert Traces({word: "it"}).within(b"~" * before + word.encode() + b"~" * behind) == {"it"}
            assert Traces({word: "it"}).within(b"~" * before + word[:-1].encode() + b"~" * behind) == set()


def test_word_is_found_in_files_their_names_and_in_rows(traces: Traces, tmp_path: Path) -> None:
    """A file, a file's name, a directory's name, a row, and the free page that a deleted row leaves."""
    root = tmp_path / "root"
    data = root / "var" / "data"
    data.mkdir(parents=True)
    with sqlite3.connect(data / "mailman.db") as connection:
        connection.execute("PRAGMA secure_delete = OFF")
        connection.execute("CREATE TABLE here (a TEXT, b BLOB)")
        connection.execute("INSERT INTO here VALUES (?, ?)", (TEXT, b"x"))
    sandbox: Any = SimpleNamespace(
        place=SimpleNamespace(root=root, var=root / "var"), options=SimpleNamespace(database_url=None), pids=dict
    )
    (root / "file.log").write_text("nothing")
    (root / WORD).mkdir()
    (root / WORD / WORD.upper()).touch()
    assert traces.in_sandbox(sandbox) == {
        place: {"it"} for place in ("var/data/mailman.db", "database:here", WORD, f"{WORD}/{WORD.upper()}")
    }
    with (root / "file.log").open("a") as log:
        log.write(TEXT)
    with sqlite3.connect(data / "mailman.db") as connection:
        connection.execute("PRAGMA secure_delete = OFF")
        connection.execute("DELETE FROM here")
    found = traces.in_sandbox(sandbox)
    assert found["file.log"] == found["var/data/mailman.db"] == {"it"}
    assert "database:here" not in found
    assert dict(tables(sandbox)) == {"here": b""}


@pytest.mark.parametrize("where", ["arguments", "environment"])
def test_word_is_found_in_processes(traces: Traces, tmp_path: Path, where: str) -> None:
    """In what they were started with, and what those that they have started were."""
    script = "import sys; print(flush=True); sys.stdin.read()"
    inner = [sys.executable, "-c", script, *([WORD] if where == "arguments" else [])]
    (tmp_path / "var" / "data").mkdir(parents=True)
    sqlite3.connect(tmp_path / "var" / "data" / "mailman.db").close()
    # What has started it knows the word by another way.
    outer = [sys.executable, "-c", "import os, subprocess; exec(os.read(0, 4096))"]
    with subprocess.Popen(outer, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        environment = {"A": WORD} if where == "environment" else {}
        process.stdin.write(f"subprocess.run({inner!r}, env={environment!r})".encode())
        process.stdin.flush()
        process.stdout.readline()
        sandbox: Any = SimpleNamespace(
            place=SimpleNamespace(root=tmp_path, var=tmp_path / "var"),
            options=SimpleNamespace(database_url=None),
            pids=lambda: {"out": process.pid},
        )
        assert traces.in_sandbox(sandbox) == {"process:out": {"it"}}
        process.stdin.close()
