"""The outside of what members receive."""

import email
import email.policy
from dataclasses import replace
from types import SimpleNamespace

import pytest

from mailman_pgp.mime import Outward, Structure, examine, is_outer_message, outer_message

ALLOWED = {
    "From",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "In-Reply-To",
    "References",
    "List-Id",
    "List-Post",
    "Autocrypt",
    "MIME-Version",
    "Content-Type",
}


def test_frame(mail: SimpleNamespace, outward: Outward) -> None:
    """Head, armored message and foot together are a PGP/MIME message that our own reader takes for one."""
    parts = outer_message(outward)
    armored = mail.armored.replace(b"\n", b"\r\n")
    message = email.message_from_bytes(parts.head + armored + parts.foot)
    found = examine(message)
    assert (found.structure, found.repaired, found.ciphertext) == (Structure.ENCRYPTED, False, armored)
    assert not message.defects


def test_only_allowed_fields(outward: Outward) -> None:
    """Nothing but what transport needs is outside, and the subject tells nothing."""
    message = email.message_from_bytes(outer_message(outward).head, policy=email.policy.default)
    assert set(message.keys()) == ALLOWED
    assert message["Subject"] == "[...]"
    assert message["From"] == "Security <list@example.com>"
    assert message["To"] == "list@example.com"
    assert message["Date"] == "Mon, 02 Nov 2026 08:00:00 +0000"
    assert message["References"] == "<id-00@example.com> <id-0@example.com>"
    assert message["List-Id"] == '"Security" <list.example.com>'


def test_lines(outward: Outward) -> None:
    """Seven bits, CRLF, short lines, none begins with a dot, also with the oddest list."""
    odd = replace(outward, list_name=". " * 30 + "Große Liste", list_id="." * 200, references="<.@.>" * 15)
    for parts in (outer_message(outward), outer_message(odd)):
        for data in (parts.head, parts.foot):
            assert data.isascii()
            assert data.count(b"\n") == data.count(b"\r\n") == data.count(b"\r")
            assert not any(line.startswith(b".") or len(line) > 998 for line in data.split(b"\r\n"))


def test_autocrypt(outward: Outward) -> None:
    """The list's certificate travels with the list's address, and asks for encrypted replies."""
    value = email.message_from_bytes(outer_message(outward).head)["Autocrypt"]
    parts = dict(part.strip().split("=", 1) for part in value.split(";"))
    assert parts["addr"] == "list@example.com"
    assert "".join(parts["keydata"].split()) == "QUJD" * 100


def test_boundary_is_new_each_time(outward: Outward) -> None:
    """No two calls have the same delimiter, and a given one is used."""
    assert outer_message(outward).foot != outer_message(outward).foot
    assert outer_message(outward, boundary="b").foot == b"\r\n--b--\r\n"


ARMORED = b"-----BEGIN PGP MESSAGE-----\r\n\r\n" + b"QUJD" * 16 + b"\r\nQUI=\r\n-----END PGP MESSAGE-----\r\n"


def test_it_is_known_by_its_form(outward: Outward) -> None:
    """With an armored message in it, whatever the fields are."""
    frame = outer_message(outward)
    assert is_outer_message(frame.head + ARMORED + frame.foot)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"QUI=\r\n", b"QUI=\r\nIn the clear.\r\n"),
        (b"Version: 1\r\n", b"Version: 1\r\nIn the clear.\r\n"),
        (b"MIME-Version", b"Content-Type: text/plain\r\nMIME-Version"),
        (b"From:", b"content-type: text/plain\r\nFrom:"),
        (b"\r\n\r\n--", b"\r\n\r\nIn the clear.\r\n--"),
        (b"-----END PGP MESSAGE-----\r\n", b"-----END PGP MESSAGE-----\r\nIn the clear.\r\n"),
        (ARMORED, b""),
        (ARMORED, ARMORED * 2),
        (b"PGP MESSAGE", b"PGP SIGNATURE"),
        (b"multipart/encrypted", b"multipart/mixed"),
        (b"\r\n", b"\n"),
        (b"--\r\n", b"--\r\nIn the clear.\r\n"),
    ],
)
def test_nothing_else_has_its_form(outward: Outward, old: bytes, new: bytes) -> None:
    """Neither words in the clear, at whichever place, nor another structure."""
    frame = outer_message(outward)
    whole = frame.head + ARMORED + frame.foot
    assert old in whole
    assert not is_outer_message(whole.replace(old, new))
    assert not is_outer_message(new.join(whole.rsplit(old, 1)))
