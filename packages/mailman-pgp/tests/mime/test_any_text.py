"""Every reader of strangers' text and bytes: whatever comes, there is an answer or the error that is named, of bounded size."""

from __future__ import annotations

import email
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mailman_pgp.mime import (
    MailboxError,
    PayloadError,
    Said,
    Structure,
    addresses,
    armor,
    as_text,
    autocrypt,
    bare,
    bodies,
    charsets,
    content_type,
    css,
    display_name,
    examine,
    flowed,
    hypertext,
    inline_message,
    is_automatic,
    is_no,
    is_yes,
    lines,
    mailboxes,
    message_id,
    message_ids,
    one_line,
    quotation,
    read_payload,
    said,
    single_address,
    subject,
    tags,
    threads,
    transfer,
    words,
)
from mailman_pgp.mime.lines import MAX_LINE_BYTES

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

_PIECES = [
    "=?utf-8?q?=0D=0A?=", "=?utf-16?b?AAA?=", "=?x?Q?", "?=", "<a@b.c>", '"', "\\", "(", ")", "<", ">", ",", ";", ":", "@", "=",
    "/*", "*/", "{display:none}", "visibility:hidden", "<style>", "</style>", "<div style='", "<blockquote>", "<br>", "&#1114112;", "&amp",
    "<!--", "-->", "\n", "\r\n", "\r", "\0", "> ", ">>", "-- \n", "Re: ", "AW[2]:", "boundary=", "charset=utf-7", "*0*=", "''",
    "addr=a@b.c;", "keydata=", "-----BEGIN PGP PUBLIC KEY BLOCK-----", "-----END PGP PUBLIC KEY BLOCK-----", "\ud800", "\u202e", "yes", "On x, y wrote:",
]  # fmt: skip
TEXTS: SearchStrategy[str] = st.one_of(
    st.text(max_size=200),
    st.lists(st.one_of(st.sampled_from(_PIECES), st.text(max_size=6)), max_size=30).map("".join),
)


@given(TEXTS, TEXTS)
def test_texts(text: str, other: str) -> None:
    """What reads a header's value, a style, a page or a line of text raises nothing, and makes nothing out of nothing."""
    kept = [
        *armor.key_blocks(text),
        *message_ids(text),
        *addresses(text),
        threads.first_id(text),
        threads.single_id(text),
    ]
    assert all(len(one) <= len(text) + 1 for one in kept)
    for line in text.split("\n"):
        assert not (armor.begins(line) and armor.ends(line))
    autocrypt.keydata([text, other], "a@b.c")
    css.is_invisible(text), css.is_separator(text), css.keeps_lines(text), css.hidden_names(text)
    assert len("".join(token for token in tags.tokens(text) if isinstance(token, str))) <= 2 * len(text)
    page = hypertext.read(text)
    assert len(page.lines) <= quotation.MAX_LINES + 1
    kind, parameters = content_type.parameters(text)
    assert len(kind) + sum(len(name) + len(raw) for name, raw in parameters) <= 3 * len(text) + 3
    for line_ in flowed.lines(text, content_type.parse(other[:1000])):
        assert "\n" not in line_.text


@given(TEXTS)
def test_answers(text: str) -> None:
    """Nobody says both yes and no."""
    own = tuple(line.strip() for line in text.split("\n") if line.strip())
    heard = Said("", own, text)
    assert not (is_yes(heard) and is_no(heard))


@given(TEXTS)
def test_done_twice_is_done_once(text: str) -> None:
    """What makes text harmless leaves it alone when it is harmless."""
    for make in (one_line, display_name, bare):
        assert make(make(text)) == make(text)
    once = subject.prefixed(one_line(text), "[Ants]")
    assert subject.prefixed(once, "[Ants]") == once


@given(TEXTS)
def test_addresses(text: str) -> None:
    """What is taken for one author is one address of a plain form; all else has the named error."""
    try:
        found = mailboxes.single(text)
    except MailboxError:
        return
    assert mailboxes.ADDRESS.fullmatch(found.address)
    assert found.address in text.lower()
    assert found.address in {one.address for one in mailboxes.parse(str(found))}


@given(st.binary(max_size=200), TEXTS)
@example(b"\xff\xfe", "utf-16")
@example(b"+AAA-", "utf-7")
@example(b"x", "idna")
def test_bytes(data: bytes, name: str) -> None:
    """Charsets, transfer encodings and line ends, whatever they are called."""
    assert len(charsets.decode(data, name)) <= 2 * len(data) + 1
    for encoding in (name, "base64", "quoted-printable"):
        try:
            assert len(transfer.decode(data, encoding)) <= len(data)
        except ValueError:
            assert encoding == "base64"
    assert transfer.decode(transfer.base64_lines(data), "base64") == data
    mended = lines.canonical(data)
    assert lines.canonical(mended) == mended
    tidy = lines.is_tidy(data, 0, len(data))
    assert not tidy or (b"\0" not in data and max(map(len, data.split(b"\r\n"))) <= MAX_LINE_BYTES)
    assert read_payload(as_text(data)).body.content_type.kind == "text/plain"


@given(TEXTS)
def test_words(text: str) -> None:
    """Encoded words, broken or not."""
    assert len(words.decode(text)) <= len(text) + 4
    assert words.encode(one_line(text)).isascii()


@given(st.one_of(st.binary(max_size=300), TEXTS.map(lambda text: text.encode("utf-8", "replace"))))
@example(b"Content-Type: text/plain\n\n-----BEGIN PGP MESSAGE-----\nx\n-----END PGP MESSAGE-----\n")
def test_messages(data: bytes) -> None:
    """What looks at a mail as it came, or at what was in it."""
    message = email.message_from_bytes(data)
    assert examine(message).structure in Structure
    is_automatic(message), message_id(message), inline_message(message)
    author = single_address(message)
    assert author is None or mailboxes.ADDRESS.fullmatch(author)
    try:
        payload = read_payload(data, message)
        heard = said(payload)
    except PayloadError:
        return
    threads.thread_of(payload)
    assert all(line.strip() == line and line for line in heard.own)
    found = bodies.first(payload.body)
    for part in (found.plain, found.html):
        assert part is None or len(bodies.text(part, 10)) <= 10


@pytest.mark.parametrize(
    "unit", ["<a ", "(", "=?", "/*", "&", "> ", '"', "\\", "=?utf-8?q?", "a{", "<!--", "\n ", "re: "]
)
def test_long_ones_end(unit: str) -> None:
    """Nothing takes time beyond measure for a megabyte of any of it; the suite's own limit of time would tell."""
    text = unit * (1_000_000 // len(unit))
    (
        hypertext.read(text),
        css.hidden_names(text),
        list(tags.tokens(text)),
        words.decode(text),
        bare(text),
        addresses(text),
    )
    content_type.parameters(text), list(armor.key_blocks(text)), autocrypt.keydata([text], "a@b.c"), one_line(text)
    list(flowed.lines(text, content_type.TEXT_PLAIN))
