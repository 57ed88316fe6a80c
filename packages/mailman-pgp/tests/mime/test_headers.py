"""Header fields of the decrypted payload: whose are they, and what do they say."""

import email.message
from email.header import decode_header, make_header
from email.utils import getaddresses
from types import SimpleNamespace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mailman_pgp.mime import Author, Mailbox, display_name, message_id, one_line, read_payload
from mailman_pgp.mime import mailboxes as boxes
from mailman_pgp.mime.mailboxes import MailboxError
from mailman_pgp.mime.words import decode, encode


def protected(*fields: str | bytes, hp: str = 'hp="cipher"') -> bytes:
    raw = b"".join((f if isinstance(f, bytes) else f.encode()) + b"\r\n" for f in fields)
    return raw + f"Content-Type: text/plain; charset=utf-8; {hp}\r\n\r\nhello\r\n".encode()


def test_thunderbird(mail: SimpleNamespace) -> None:
    """The older scheme's fields are read and decoded."""
    payload = read_payload(mail.thunderbird())
    assert payload.protected
    assert (payload.author_address, payload.author_name) == ("anne@example.com", "Anne Müller")
    assert payload.subject == "Grüße"
    assert payload.recipients == {"list@example.com", "bob@example.org"}
    assert payload.headers["From"] == '"Anne Müller" <anne@example.com>'


def test_only_the_subject_is_protected(mail: SimpleNamespace) -> None:
    """Under the older scheme what is missing inside is taken from outside, and named as such."""
    outer = email.message_from_bytes(b"From: Anne <anne@example.com>\nTo: eve@example.org\nSubject: ...\n\n")
    payload = read_payload(mail.mutt(), outer)
    assert (payload.author_address, payload.subject) == ("anne@example.com", "lunch")
    assert payload.outside == {"From", "To"}
    assert payload.recipients == frozenset()


def test_rfc_9788_ignores_the_outside(mail: SimpleNamespace) -> None:
    """With hp= nothing is taken from outside, not even what is missing inside."""
    payload = read_payload(protected("Subject: inside"), {"From": "eve@example.com", "Cc": "eve@example.com"})
    assert (payload.author, payload.from_ambiguous) == (None, False)
    assert dict(payload.headers) == {"Subject": "inside"}
    assert read_payload(mail.k9(), {"From": "eve@example.com"}).author_address == "anne@example.com"


def test_unmarked_fields_are_not_protected(mail: SimpleNamespace) -> None:
    """Fields in a payload that is not marked are not believed."""
    payload = read_payload(mail.apple().replace(b"Mime-", b"From: eve@example.com\r\nMime-"), {"From": "a@example.com"})
    assert not payload.protected
    assert payload.author_address == "a@example.com"


def test_headers_can_be_handed_back(mail: SimpleNamespace) -> None:
    """Reading again with the headers of the first reading gives the same headers, so a queue may keep them."""
    outer = email.message_from_bytes('From: "Müller, Anne" <anne@example.com>\nSubject: \u00fc\n\n'.encode())
    for content in mail.all:
        first = read_payload(content, outer)
        again = read_payload(content, dict(first.headers))
        assert (dict(again.headers), again.author, again.outside) == (dict(first.headers), first.author, first.outside)


@pytest.mark.parametrize(
    "fields",
    [
        ("From: anne@example.com", "From: eve@example.com"),
        ("From: anne@example.com, eve@example.com",),
        ("From: a: anne@example.com, eve@example.com;",),
        ("From: eve@example.com <anne@example.com>",),
        ('From: "eve@example.com"',),
        ("From: anne@example.com <",),
        ("From: <anne@example.com> <eve@example.com>",),
        ("From: anne@example.com (",),
        ('From: "Anne <anne@example.com>',),
        ("From: anne@[127.0.0.1]",),
        ("From: <@relay:anne@example.com>",),
        ("From: <anne@example.com\r\n\t> eve@example.com",),
        (b"From: anne@ex\xc3\xa4mple.com",),
        ("From: =?utf-8?q?anne=40example=2Ecom?=",),
        ("From: =?utf-8?q?anne?=@example.com",),
        ("From: Eve <=?utf-8?q?anne=40example.com=20=3C?=@example.com>",),
        ("From: x=?UTF-8?B??=@example.com",),
        ("From: anne@example.com\rFrom: eve@example.com",),
    ],
)
def test_ambiguous_author(fields: tuple[str, ...]) -> None:
    """Whatever two programs could read as two authors has none."""
    payload = read_payload(protected(*fields))
    assert (payload.author, payload.from_ambiguous) == (None, True)
    assert "From" not in payload.headers


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ("Anne <anne@example.com>", "Anne"),
        ('"Müller, Anne" <ANNE@example.com>', "Müller, Anne"),
        ("anne@example.com (Anne (the first))", "Anne (the first)"),
        ("<anne@example.com>,", ""),
        ('"bob@example.org" <anne@example.com>', ""),
        ("=?utf-8?q?bob=40example=2Eorg?= <anne@example.com>", ""),
        ("=?utf-8?q?bob=EF=BC=A0example=2Eorg?= <anne@example.com>", ""),
        ("'anne@example.com' <anne@example.com>", ""),
        ("=?utf-8?q?Anne=0D=0ABcc=3A_x?= <anne@example.com>", "Anne Bcc: x"),
        ("=?utf-8?q?=E2=80=AEenna=E2=80=AC?= <anne@example.com>", "enna"),
        ("=?utf-8?q?=22Bob=22_=3Cbob=3E?= <anne@example.com>", "Bob bob"),
        ("=?idna?q?x?= <anne@example.com>", "x"),
    ],
)
def test_one_author(value: str, name: str) -> None:
    """One address is found, in lower case; a name that could pass for an address, or turns the text round, is tamed."""
    payload = read_payload(protected(f"From: {value}"))
    assert payload.author == Mailbox(name, "anne@example.com")
    assert not payload.from_ambiguous


def test_eight_bit_fields() -> None:
    """Raw UTF-8 and Latin-1 in fields are read as such."""
    assert read_payload(protected(b"Subject: Gr\xc3\xbc\xc3\x9fe")).subject == "Grüße"
    assert read_payload(protected(b"Subject: Gr\xfc\xdfe")).subject == "Grüße"
    outer = email.message_from_bytes(b"Subject: Gr\xfc\xdfe\nFrom: M\xfcller <m@example.com>\n\n")
    payload = read_payload(b"hello", outer)
    assert (payload.subject, payload.author_name) == ("Grüße", "Müller")


@pytest.mark.parametrize("subject", ["=?utf-8?q?a=0D=0ABcc=3A_eve?=", "a\r\n Bcc: eve", "a\rBcc: eve", "a\x0bBcc: eve"])
def test_subject_is_one_line(subject: str) -> None:
    """No decoded line end, folding or control character survives in a subject."""
    assert read_payload(protected(f"Subject: {subject}")).subject == "a Bcc: eve"


def test_display_name() -> None:
    """Invisible, reordering and stacking characters go; letters of all scripts stay."""
    assert display_name("A\u200b\u2066nn\U000e0041e\u3164") == "Anne"
    persian = "\u0645\u06cc\u200c\u062e"
    assert display_name(persian) == persian
    assert display_name("e" + "\u0301" * 50) == "e" + "\u0301" * 4
    assert display_name("x" * 500) == "x" * 64
    assert Author("anne@example.com", "a@b", "good\r\nBcc: x").name == ""
    with pytest.raises(ValueError, match="no address"):
        Author("anne@example.com\r\nBcc: eve@example.com", "", "")


@given(st.text(max_size=300))
def test_names_are_tame(text: str) -> None:
    """No text at all becomes a name with "@", a control character or a line end."""
    for name in (display_name(text), one_line(text)):
        assert len(name.splitlines()) < 2
        assert name.strip() == name
    assert "@" not in display_name(text)
    assert display_name(display_name(text)) == display_name(text)


@given(st.text(max_size=300).map(one_line))
def test_words_round_trip(text: str) -> None:
    """What is written as encoded words is read back as it was, and each word keeps to 75 columns."""
    encoded = encode(text)
    assert encoded.isascii()
    assert decode(encoded) == text
    assert all(len(word) <= 75 for word in encoded.split() if word.startswith("=?"))


@given(st.text(alphabet='ab@.,:;<>()"\\ \t[]=?q', max_size=60))
def test_mailboxes_are_strict(text: str) -> None:
    """Any value is parsed to clean addresses or refused, and what was parsed reads back the same."""
    try:
        found = boxes.parse(text)
    except MailboxError:
        return
    assert all(boxes.ADDRESS.fullmatch(mailbox.address) for mailbox in found)
    assert boxes.parse(", ".join(map(str, found))) == found


@given(
    st.lists(st.sampled_from(["=?", "?", "?=", "=", "q", "B", "utf-8", "anne", "=40", "_", "////", "."])).map("".join)
)
@example("=?utf-8?q?anne?=")
@example("=?utf-8?b?////?=")
def test_core_finds_the_same_address(local: str) -> None:
    """Core, which decodes before it reads, moderates by the address that we have found, and by no other."""
    try:
        address = boxes.single(f"{local}@example.com").address
    except MailboxError:
        return
    decoded = str(make_header(decode_header(address)))
    assert [found for _name, found in getaddresses([decoded])] == [address]


def test_text_without_a_header() -> None:
    """A text that was encrypted without being made an entity keeps its first lines, also when they look like fields."""
    for text in (b"Hello Anne,\r\nyes", b"Note: this\r\n\r\nis all", b"\r\nhello", b"-- \r\n"):
        assert read_payload(text).body.body_bytes == text


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("<a@x>", "<a@x>"),
        ("\r\n <a@x> ", "<a@x>"),
        (" <a@x>\r\n Jan 1 00:00:00 2030 (1) forged", ""),
        ("<a@x> <b@x>", ""),
        ("<nu\0l@x>", ""),
        ("<a\r\n b@x>", ""),
        ("<" + "a" * 300 + "@x>", ""),
        ("no identifier", ""),
    ],
)
def test_message_id_is_one_identifier(written: str, read: str) -> None:
    """What is more or less than one reaches no log, no row and no answer."""
    message = email.message.Message()
    message["Message-ID"] = written
    assert message_id(message) == read


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Anne <anne@example.com>, bob@example.org", ("anne@example.com", "bob@example.org")),
        ("ünfug@exämple.com, Bob <bob@example.org>", ("bob@example.org",)),
        ('"Doe, John" <john@example.org>, <bob@>', ()),
        ("(" * 3000, ()),
        ("(" * 3000 + ",anne@example.com", ("anne@example.com",)),
        ("x" * 100_000, ()),
    ],
)
def test_addresses_nobody_vouches_for(text: str, found: tuple[str, ...]) -> None:
    """Where a field can't be read as a whole, the pieces that can be count, in linear time."""
    assert boxes.addresses(text) == found
