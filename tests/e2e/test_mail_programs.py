"""What usual mail programs write is posted: with its subject, its texts and its files, whatever form they are in."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from clients import CLIENTS, SUBJECT
from gateways import REPAIRED
from people import EncryptedList

if TYPE_CHECKING:
    from email.message import EmailMessage

    from people import Person

    from mailman_pgp.sandbox import Sandbox

POSTS = Path(__file__).parents[2] / "docs" / "posts.md"
EXCHANGE = next(iter(REPAIRED.values()))


@pytest.fixture(scope="module")
def people(sandbox: Sandbox) -> tuple[Person, Person]:
    """An author and a reader on a list that takes what does not say for whom it was written, as some of them write."""
    made = EncryptedList.make(sandbox)
    made.take_unbound()
    return made.member("Anne"), made.member("Bart")


def contents(message: EmailMessage) -> list[bytes]:
    """What the parts hold, decoded, texts with LF and without blank lines at their end."""
    leaves = [part for part in message.walk() if not part.is_multipart()]
    found = [(part.get_content_maintype(), part.get_payload(decode=True)) for part in leaves]
    return [data.replace(b"\r\n", b"\n").rstrip(b"\n") if main == "text" else data for main, data in found]


@pytest.mark.parametrize("way", ["straight", "through Exchange"])
@pytest.mark.parametrize("name", CLIENTS)
def test_mail_program(people: tuple[Person, Person], name: str, way: str) -> None:
    """Its signature is good, subject and texts are as they were written, files have their names, and are the same."""
    author, reader = people
    written = CLIENTS[name](author)
    message = written.message if way == "straight" else EXCHANGE(written.message)
    before = author.list.sandbox.mailbox.count(reader.address)
    author.send(message)
    kept = reader.mail(before + 1)[-1]
    read = reader.open(kept)
    assert read["subject"] == f"[Ants{author.list.number}] {SUBJECT}"
    line = " ".join(next(part for part in read.walk() if not part.is_multipart()).get_content().split())
    assert "signature good" in line
    assert ("does not say for whom" in line) == (not written.bound)
    found = contents(read)
    assert [part for part in written.parts if part not in found and part.rstrip(b"\n") not in found] == []
    assert [part.get_filename() for part in read.walk() if part.get_filename()] == list(written.files)
    assert not {part.get_content_type() for part in read.walk()} & {"multipart/signed", "application/pgp-signature"}


def test_documented() -> None:
    """The manual names them."""
    manual = POSTS.read_text(encoding="utf-8")
    assert all(name in manual for name in CLIENTS)
