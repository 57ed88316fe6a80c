"""When a post was written and what it answers is the author's word, not that of whoever carried it; and threads hold."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from email.message import EmailMessage

    from people import Person
    from refusals import Guarded

FORGED = (
    b"Message-ID: <forged@evil>\nIn-Reply-To: <shall-we-publish-the-names@bart>\n"
    b"References: <shall-we-publish-the-names@bart>\nDate: Tue, 01 Jul 2025 00:00:00 +0000\n"
)


def written(author: Person, inside: bytes, outside: bytes) -> bytes:
    """A post with these header fields in its payload, which protects all it has, and these outside."""
    payload = author.payload("Yes, do it.").replace(b"\nSubject: ", b"\n" + inside + b"Subject: ", 1)
    message = author.envelope(author.key.write(payload, author.list.certificate))
    return re.sub(rb"Message-ID: .*\n", outside, message, count=1)


def received(guarded: Guarded, number: int = 1) -> tuple[EmailMessage, EmailMessage]:
    """The outside and the inside of the last of so many posts that Bart has."""
    *_, kept = guarded.bart.mail(number)
    return kept.message, guarded.bart.open(kept)


def test_outside_is_not_the_authors_word(guarded: Guarded) -> None:
    """A forged date, and a forged place in another thread, are nowhere; what the author has hidden stays inside."""
    own = (
        b"Message-ID: <true@anne>\nIn-Reply-To: <shall-we-have-lunch@bart>\n"
        b"References: <shall-we-have-lunch@bart>\nDate: Mon, 01 Jan 2024 00:00:00 +0200\n"
    )
    guarded.anne.send(written(guarded.anne, own, FORGED))
    outside, inside = received(guarded)
    assert inside["message-id"] == "<true@anne>"
    assert inside["in-reply-to"] == inside["references"] == "<shall-we-have-lunch@bart>"
    assert inside["date"] == "Mon, 01 Jan 2024 00:00:00 +0200"
    assert outside["date"] == "Sun, 31 Dec 2023 22:00:00 +0000"
    assert outside["message-id"].endswith(f"@{guarded.list.list_id}>")
    for word in (b"publish", b"forged", b"lunch", b"<true@"):
        assert word not in outside.as_bytes()
    assert "publish" not in inside.as_string()


def test_nothing_is_added_from_outside(guarded: Guarded) -> None:
    """A payload that protects all its fields and answers nothing answers nothing; its date is that of its signature."""
    guarded.anne.send(written(guarded.anne, b"", FORGED))
    outside, inside = received(guarded)
    for side in (outside, inside):
        assert side["in-reply-to"] is None
        assert side["references"] is None
        assert side["message-id"].endswith(f"@{guarded.list.list_id}>")
        assert "2025" not in side["date"]
    assert inside["message-id"] == outside["message-id"]


def test_threads_hold(guarded: Guarded) -> None:
    """What an author writes inside and outside alike is so in the copies, so that answers find their question."""
    question, answer = b"Message-ID: <q@anne>\n", b"Message-ID: <a@bart>\nIn-Reply-To: <q@anne>\nReferences: <q@anne>\n"
    guarded.anne.send(written(guarded.anne, question, question))
    for side in received(guarded):
        assert side["message-id"] == "<q@anne>"
    guarded.bart.send(written(guarded.bart, answer, answer))
    for side in received(guarded, 2):
        assert side["message-id"] == "<a@bart>"
        assert side["in-reply-to"] == side["references"] == "<q@anne>"


def test_program_that_protects_no_identifiers(guarded: Guarded) -> None:
    """Its identifiers come from outside, as there are no others; its date is that of its signature."""
    guarded.list.take_unbound()
    message = guarded.canary.outside(guarded.anne)
    guarded.anne.send(re.sub(rb"Message-ID: .*\n", FORGED, message, count=1))
    outside, inside = received(guarded)
    for side in (outside, inside):
        assert side["message-id"] == "<forged@evil>"
        assert side["in-reply-to"] == side["references"] == "<shall-we-publish-the-names@bart>"
        assert "2025" not in side["date"]
