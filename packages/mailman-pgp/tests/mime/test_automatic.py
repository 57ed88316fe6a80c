"""Which mail a machine sent, and so is never answered."""

from __future__ import annotations

import email

import pytest

from mailman_pgp.mime import is_automatic


@pytest.mark.parametrize(
    "line",
    [
        "Auto-Submitted: auto-notified",
        "auto-submitted: AUTO-REPLIED (a comment)",
        "Precedence:  Bulk ",
        "List-Post: <mailto:x@example.com>",
        "X-MailFrom: ",
        "Return-Path: <>",
        "X-No-Ack: 1",
        "Content-Type: multipart/report; boundary=x",
    ],
)
def test_machines(line: str) -> None:
    """One such header field is enough, also beside one of the same name that says the contrary."""
    name = line.partition(":")[0]
    assert is_automatic(email.message_from_string(f"From: a@b.c\n{line}\n\nHello\n"))
    assert is_automatic(email.message_from_string(f"{name}: no\n{line}\n\nHello\n")) or name == "Content-Type"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Auto-Submitted: no; it-is=me\n",
        "Precedence: first-class\n",
        "X-MailFrom: a@b.c\nReturn-Path: <a@b.c>\n",
        "X-Ack: yes\nContent-Type: multipart/mixed; boundary=x\nX-List-Id: x\n",
    ],
)
def test_persons(text: str) -> None:
    """The usual mail of a person, and fields whose value says nothing."""
    assert not is_automatic(email.message_from_string(f"From: a@b.c\n{text}\n\nHello\n"))
