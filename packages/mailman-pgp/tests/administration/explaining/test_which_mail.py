"""Which mail `mailman pgp explain` is asked about, and for which list; what it can say nothing of is said to be that."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from writers import LIST

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import CommandLine, Files
    from writers import Writer


def test_a_file(anne: Writer, run: CommandLine, files: Files) -> None:
    """A file is read as standard input is, also with the line of a mailbox above it."""
    file = files.write("mail.eml", b"From anne Sat Nov 28 20:00:00 2026\n" + anne.mail())
    assert run.json("explain", file)["action"] == "accept"


def test_which_list(anne: Writer, run: CommandLine, make_list: Callable[..., Any], files: Files) -> None:
    """Without --list it is the encrypted one that the mail is addressed to, by any field; of several, one has to be named."""
    make_list("bee")
    make_list("cat")
    run.ok("enable", "cat@example.com")
    mail = anne.mail()
    hidden = mail.replace(f"To: {LIST}".encode(), f"To: bee@example.com\nDelivered-To: {LIST}".encode(), 1)
    assert run.json("explain", typed=hidden)["list"]["address"] == LIST
    both = mail.replace(f"To: {LIST}".encode(), f"To: {LIST}, cat@example.com".encode(), 1)
    sentence = run.refused("explain", typed=both, status=2)
    assert "2 encrypted lists: ant.example.com, cat.example.com" in sentence
    assert run.json("explain", "--list", LIST, typed=both)["list"]["address"] == LIST
    elsewhere = mail.replace(f"To: {LIST}".encode(), b"To: bee@example.com", 1)
    assert "no encrypted list of this site" in run.refused("explain", typed=elsewhere, status=2)
    assert run.json("explain", "--list", "bee@example.com", typed=mail, status=1)["error"]["code"] == "not-encrypted"
    assert files


@pytest.mark.usefixtures("anne")
@pytest.mark.parametrize(
    ("content", "code", "status"),
    [
        (b"", "no-mail", 2),
        (b"\x00\xff\xfe" * 100, "no-mail", 2),
        (b"Hello there\n", "no-mail", 2),
        (b"\x80\x05\x95garbage of a queue file", "no-mail", 2),
        (b"From: a@example.com\nTo: ant-request@example.com\n\nhelp\n", "for-commands", 1),
        (b"From: a@example.com\nTo: ant@example.com\nContent-Type: multipart/mixed; boundary=b\n\nx\n", "defects", 1),
        (b"From: a@example.com\nTo: ant@example.com\n\n" + b"x" * 33 * 2**20, "message-too-large", 1),
    ],
    ids=["empty", "binary", "text", "queue file", "commands", "damaged", "large"],
)
def test_no_mail(run: CommandLine, content: bytes, code: str, status: int) -> None:
    """What is no mail, none that the list would judge, or none that comes through the door, is said to be that."""
    answer = run.json("explain", typed=content, status=status)
    assert answer["error"]["code"] == code
    assert answer["error"]["sentence"]


def test_no_file(run: CommandLine, encrypted: Any) -> None:
    """A file that is not there is a mistake."""
    assert encrypted
    assert "can't be read" in run.refused("explain", "/nowhere/mail.eml", status=2)


def test_a_process_that_may_not_open_mail(anne: Writer, run: CommandLine) -> None:
    """In a process that is not healthy nothing is opened."""
    from mailman_pgp.site import health  # noqa: PLC0415 - core must be initialised

    health.fail("A line is missing.", "Add it.")
    assert "not healthy" in run.refused("explain", typed=anne.mail())


def test_a_list_that_waits(anne: Writer, run: CommandLine) -> None:
    """A list whose key was revoked judges nothing, so nothing is said of what becomes of a mail, which only waits; later it is."""
    mail = anne.mail()
    run.ok("list-key", "revoke", LIST, "--reason", "compromised", "--yes")
    assert run.json("explain", typed=mail, status=1)["error"]["code"] == "list-waits"
    assert "list-key rotate" in run.refused("explain", typed=mail)
    run.ok("list-key", "rotate", LIST)
    answer = run.json("explain", typed=mail)
    assert (answer["problem"], answer["action"]) == ("not-for-this-list", "reject")
