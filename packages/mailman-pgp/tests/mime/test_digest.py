"""Digests as bytes: what is shown of a post in each form, and what its author can't make of it."""

from __future__ import annotations

import email
import email.policy
from typing import Any

import pytest

from mailman_pgp.mime import DigestPost, mime_digest, plain_digest, topics, words

HEAD = (
    b'From: "Anne via Ants" <ants@example.com>\r\nAuthor: "Anne" <anne@example.com>\r\n'
    b"Subject: [Ants] =?utf-8?b?R3LDtsOfZQ==?=\r\nMessage-ID: <1@x>\r\nDate: Sat, 28 Nov 2026 18:00:00 +0000\r\n"
    b"HP-Outer: Subject: [...]\r\nHP-Outer: From:\r\n <ants@example.com>\r\nMIME-Version: 1.0\r\n"
    b'Content-Type: multipart/mixed; boundary="b";\r\n hp="cipher"; protected-headers="v1"\r\n'
)


def post(*parts: bytes) -> DigestPost:
    body = b"".join(b"\r\n--b\r\n" + part for part in parts)
    return DigestPost(HEAD + body + b"\r\n--b--\r\n")


def text(said: str, kind: str = "text/plain") -> bytes:
    head = f'Content-Type: {kind}; charset="utf-8"\r\nContent-Transfer-Encoding: 8bit\r\n\r\n'
    return (head + said.replace("\n", "\r\n")).encode()


def read(entity: bytes) -> Any:
    return email.message_from_bytes(entity, policy=email.policy.default)


def test_messages() -> None:
    """Each post is a message with its header and parts, byte for byte, without what would mark it as a payload."""
    digest = read(mime_digest("Ants Digest", [post(text("Größe")), post(text("Owls"))]))
    assert digest.get_content_type() == "multipart/digest"
    first, second = (part.get_payload(0) for part in digest.iter_parts())
    assert first["subject"] == "[Ants] Größe"
    assert "hp-outer" not in first
    assert first["content-type"].params == {"boundary": "b"}
    assert first.get_payload(0).get_content().strip() == "Größe"
    assert second.get_payload(0).get_content().strip() == "Owls"


def test_topics() -> None:
    """A line for each post, with its author's name."""
    assert topics([post(text("x"))] * 2) == "   1. [Ants] Größe (Anne)\n   2. [Ants] Größe (Anne)"


def test_topic_of_somebody() -> None:
    """Whoever is not authenticated is not so in the topics either, however long they call themselves."""
    name = f"{'x' * 64} (not authenticated)".encode()
    doubtful = DigestPost(post(text("x")).payload.replace(b"Anne via", name + b" via"))
    assert topics([doubtful]).endswith(f"({name.decode()})")


def test_text() -> None:
    """What can be read of a post is, in its order; files are named; HTML is shown where there is nothing else."""
    alternative = (
        b'Content-Type: multipart/alternative; boundary="a"\r\n\r\n--a\r\n'
        + text("In plain")
        + b"\r\n--a\r\n"
        + text("<p>In <b>HTML</b></p>", "text/html")
        + b"\r\n--a--"
    )
    attached = b'Content-Type: image/png\r\nContent-Disposition: attachment; filename="owl.png"\r\n\r\nx'
    said = post(text("First"), alternative, text("<p>Only <b>HTML</b></p>", "text/html"), attached).text()
    assert "Subject: [Ants] Größe\n" in said
    assert 'From: "Anne" <anne@example.com>\n' in said
    assert (
        said.index("First") < said.index("In plain") < said.index("Only HTML") < said.index("[ owl.png (image/png) ]")
    )
    assert "In HTML" not in said


@pytest.mark.parametrize(
    "line",
    [
        *("-" * 30, "  " + "- " * 30, "\u2014" * 12, "_" * 40, "-\u00ad" * 20, "\xa0" + "-" * 30, "\ufeff" + "-" * 30),
        *(
            "-\u200b" * 30,
            "-\u0336" * 30,
            "\u2500" * 30,
            "\u23af" * 30,
            "\u203e" * 30,
            "\u30fc" * 30,
            "\u2e3b" * 5,
            "-=" * 15,
            "-" * 997,
        ),
    ],
)
def test_line_that_looks_like_a_separator(line: str) -> None:
    """Nobody ends their own post and begins another's."""
    entity = plain_digest("D", "Before", [post(text(f"Mine\n{line}\n\nMessage: 2\nFrom: Bart"))], "", "End of D")
    said = read(entity).get_content().replace("\r\n", "\n")
    assert line.strip() not in [found.strip() for found in said.split("Mine\n")[1].split("Message: 2")[0].split("\n")]
    assert said.count(f"\n{'-' * 30}\n") == 1
    assert said.endswith(f"{'-' * 30}\n\nEnd of D\n********\n")


def test_long_line_that_looks_like_a_separator() -> None:
    """Where a line is broken because it is too long, its pieces are lines as others are."""
    pieces = ["Mine" + "e" * 245, "-" * 30, "Message: 2", "From: Bart", "x" * 249]
    entity = plain_digest("D", "", [post(text("".join(piece.ljust(249) for piece in pieces)))], "", "End of D")
    assert "-" * 30 in entity.decode()
    said = read(entity).get_content().replace("\r\n", "\n").split("\n")
    assert [line.rstrip() for line in said].count("-" * 30) == 1, "That before the end."


def test_long_subject() -> None:
    """It makes one line only, in the topics and above the post."""
    subject = words.encode("\u00e4" * 233 + "From: Bart <bart@example.com>" + "\u00e4" * 700).encode()
    long = DigestPost(post(text("x")).payload.replace(b"=?utf-8?b?R3LDtsOfZQ==?=", subject.replace(b" ", b"\r\n ")))
    entity = plain_digest("D", topics([long]), [long], "", "End of D")
    assert not [line for line in read(entity).get_content().splitlines() if line.startswith("From: Bart")]


def test_lines_fit() -> None:
    """A line that is too long for mail is broken, and no byte of it lost."""
    entity = plain_digest("D", "", [post(text("\U0001f989" * 3000))], "After", "End")
    assert all(len(line) <= 998 for line in entity.split(b"\r\n"))
    assert entity.decode().count("\U0001f989") == 3000
    assert "After" in entity.decode()
