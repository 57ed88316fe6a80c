"""What a page may show of a post: its own text and the names of all else, harmless and bounded, whatever is in it."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailman_pgp.mime import Excerpt, PayloadError, excerpt, read_payload
from mailman_pgp.mime.excerpt import MAX_CHARS, MAX_NAMED

if TYPE_CHECKING:
    from types import SimpleNamespace

EVIL = "\u202e\u2066\x00\x1b[31m\x07\x85\u2028\ud800"


def leaf(kind: str, text: str | bytes, *fields: str) -> bytes:
    """A part."""
    data = text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")
    head = "".join(f"{field}\r\n" for field in (f"Content-Type: {kind}", *fields))
    return head.encode() + b"\r\n" + data


def many(kind: str, *parts: bytes) -> bytes:
    """A part of parts."""
    boundary = f"b{len(b''.join(parts))}"
    inner = b"".join(b"\r\n--" + boundary.encode() + b"\r\n" + part for part in parts)
    return (
        f"Content-Type: multipart/{kind}; boundary={boundary}\r\n".encode() + inner + f"\r\n--{boundary}--\r\n".encode()
    )


def shown(entity: bytes, outer: dict[str, str] | None = None) -> Excerpt:
    """What is shown of a decrypted entity."""
    return excerpt(read_payload(entity, outer))


def protected(*fields: str, text: str = "Hello") -> bytes:
    """A text with protected header fields."""
    head = "".join(f"{field}\r\n" for field in fields)
    return f'{head}Content-Type: text/plain; charset="utf-8"; hp="cipher"\r\n\r\n{text}'.encode()


def test_program(mail: SimpleNamespace) -> None:
    """Of a mail as Thunderbird writes it: name, subject, date of inside, text, and the attachment by name, type and size."""
    found = shown(mail.thunderbird(), {"Date": "Mon, 02 Nov 2026 10:00:00 +0200", "Subject": "..."})
    assert (found.author, found.subject) == ("Anne Müller", "Grüße")
    assert found.text == "Guten Tag,\nAnne"
    assert (found.complete, found.is_html) == (True, False)
    (attached,) = found.attachments
    assert (attached.name, attached.kind, attached.size) == ("plan.pdf", "application/pdf", 256)
    assert found.unprotected == ("Date",)
    assert found.date == "Mon, 02 Nov 2026 10:00:00 +0200"


def test_every_program(mail: SimpleNamespace) -> None:
    """Of mails in all shapes there is a text; nothing of what is decrypted is in a repr."""
    for entity in mail.all:
        found = shown(entity)
        assert found.text
        for word in (*found.text.split(), found.subject, found.author, "plan"):
            assert not word or word not in repr(found) + "".join(map(repr, found.attachments))


def test_subject_from_outside() -> None:
    """A subject that anybody on the way could have written is said to be one; what the payload protects is not asked of the outside."""
    outer = {"Subject": "From outside", "From": "Eve <eve@evil.example>"}
    found = shown(leaf("text/plain", "Hello"), outer)
    assert (found.subject, found.unprotected) == ("From outside", ("From", "Subject"))
    found = shown(protected("Subject: From inside"), outer)
    assert (found.subject, found.author, found.unprotected) == ("From inside", "", ())


@pytest.mark.parametrize(
    ("parameters", "text", "expected"),
    [
        ("; format=flowed", "one \r\ntwo\r\n> three \r\n> four\r\n", "one two\n> three four"),
        ("; charset=iso-8859-1", b"Caf\xe9", "Café"),
        ("; charset=no-such", "Grüße".encode(), "Grüße"),
        ("", "a\r\n\r\n\r\nb  \r\n", "a\n\n\nb"),
    ],
)
def test_text(parameters: str, text: str | bytes, expected: str) -> None:
    """It is read as members' programs read it."""
    assert shown(leaf(f"text/plain{parameters}", text)).text == expected


def test_html_alone() -> None:
    """A post that is HTML only is shown as its text: all of it, also what a program would hide, and no markup, script or style."""
    page = (
        "<html><head><title>T</title><style>p{color:red}</style></head><body><script>alert(1)</script><p>One &lt;b&gt; two</p>"
        '<div style="display:none">hidden</div><div class="moz-signature">below</div><img src="http://evil.example/p" onerror="x()">'
        "<p>Three<br>four</p></body></html>"
    )
    found = shown(leaf("text/html; charset=utf-8", page))
    assert found.is_html
    assert found.text.split() == ["One", "<b>", "two", "hidden", "below", "Three", "four"]
    assert "four" not in found.text.splitlines()[-2]
    assert found.attachments == ()


def test_what_stands_beside_the_text() -> None:
    """Whatever is not shown is named: another form of the text, a second message, a part without a name or with an empty one."""
    entity = many(
        "mixed",
        many("alternative", leaf("text/plain", "Nice"), leaf("text/html", "<p>Nasty</p>")),
        leaf("text/plain", "More"),
        leaf("text/plain", "A file", 'Content-Disposition: attachment; filename="a.txt"'),
        leaf("message/rfc822", "Subject: Inner\r\n\r\nInner text"),
        leaf("image/png", b"\x89PNG"),
        leaf("multipart/mixed", "no boundary"),
    )
    found = shown(entity)
    assert found.text == "Nice\n\nMore"
    assert not found.is_html
    assert [(one.kind, one.name) for one in found.attachments] == [
        ("text/html", ""),
        ("text/plain", "a.txt"),
        ("message/rfc822", ""),
        ("image/png", ""),
        ("multipart/mixed", ""),
    ]
    assert [one.size for one in found.attachments] == [12, 6, 28, 4, 11]


@pytest.mark.parametrize(
    ("disposition", "name"),
    [
        ('attachment; filename="plan.pdf"', "plan.pdf"),
        ("attachment; filename*=utf-8''Pl%C3%A4ne%20f%C3%BCr%20morgen.pdf", "Pläne für morgen.pdf"),
        (
            "attachment; filename*0*=utf-8''Pl%C3%A4ne; filename*1=\" f%C3\"; filename*2*=f%C3%BCr.pdf",
            "Pläne f%C3für.pdf",
        ),
        ('attachment; filename*0="a"; filename*1="b.pdf"', "ab.pdf"),
        ('attachment; filename="=?utf-8?q?Pl=C3=A4ne.pdf?="', "Pläne.pdf"),
        ("attachment; filename*=no-such''%FF%41", "\ufffdA"),
        ("attachment; filename*=nothing", "nothing"),
        ('attachment; filename="a\\"b.pdf"', 'a"b.pdf'),
        ("attachment; filename*1=b; filename*0=a; filename=", "ab"),
        ("attachment; filename*=utf-8''x%E2%80%AEgpj.exe", "xgpj.exe"),
        ("attachment; filename*=utf-8''a%0D%0ASet-Cookie:%20b", "a Set-Cookie: b"),
        ("inline", ""),
    ],
)
def test_names_of_files(disposition: str, name: str) -> None:
    """They are read as RFC 2231 has them, and as programs write them all the same, in one line and in one direction."""
    (found,) = shown(leaf("application/pdf", b"x", f"Content-Disposition: {disposition}")).attachments
    assert found.name == name


def test_nothing_harmful() -> None:
    """Control characters, halves of characters, and what turns the direction of reading are nowhere."""
    name = EVIL.encode("utf-8", "surrogatepass")
    encoded = base64.b64encode(name + b"x").decode()
    word = f"=?utf-8?b?{encoded}?="
    entity = many(
        "mixed",
        leaf("text/plain; charset=utf-8", f"a{EVIL}b\r\nc\rd"),
        leaf("image/png", b"", f'Content-Disposition: attachment; filename="{word}"'),
    )
    entity = f"Subject: {word}\r\nFrom: {word} <anne@example.com>\r\nDate: {word}\r\n".encode() + entity.replace(
        b"multipart/mixed;", b'multipart/mixed; hp="cipher";', 1
    )
    found = shown(entity)
    assert found.text.startswith("a")
    assert "x" in found.subject
    for text in (found.subject, found.author, found.date, found.attachments[0].name, found.text.replace("\n", "")):
        assert not set(text) & set(EVIL.replace("[31m", ""))
        text.encode()


def test_ten_megabytes() -> None:
    """Of a very long text there is a beginning, and that it is one is said; of very many parts the first ones, and how many more."""
    found = shown(leaf("text/plain", "word " * 2_000_000))
    assert len(found.text) <= MAX_CHARS
    assert not found.complete
    found = shown(leaf("text/html", "<p>word</p>" * 900_000))
    assert 1000 < len(found.text) <= MAX_CHARS
    assert not found.complete
    found = shown(many("mixed", *(leaf("text/plain", "word " * 5000) for _ in range(50))))
    assert len(found.text) <= MAX_CHARS
    assert not found.complete
    found = shown(many("mixed", *(leaf(f"image/{'x' * 5000}", b"") for _ in range(900))))
    assert (len(found.attachments), found.more_attachments) == (MAX_NAMED, 900 - MAX_NAMED)
    assert max(len(one.kind) for one in found.attachments) < 200


def test_alternatives_in_alternatives() -> None:
    """Of all that are alternatives of each other one is shown, however deep it stands, and in time that grows with the size alone."""
    inner = leaf("text/plain", "Deep")
    for number in range(40):
        inner = many("alternative", inner, leaf("text/plain", f"Other {number}"), leaf("text/html", "x" * 50_000))
    found = shown(inner)
    assert found.text == "Deep"
    assert len(found.attachments) == 80


def test_nothing_said() -> None:
    """A post without a text has none."""
    for entity in (leaf("image/png", b"\x89PNG"), leaf("text/plain", ""), leaf("text/html", "<script>x</script>")):
        assert shown(entity).text == ""


@settings(max_examples=50)
@given(
    st.recursive(
        st.builds(
            leaf,
            st.sampled_from(
                [
                    "text/plain",
                    "text/html",
                    "text/plain; format=flowed",
                    "image/png",
                    "message/rfc822",
                    "multipart/mixed",
                ]
            ),
            st.one_of(st.text(max_size=40), st.binary(max_size=40)),
            st.sampled_from(["X: y", "Content-Disposition: attachment", "Content-Transfer-Encoding: base64"]),
        ),
        lambda inner: st.builds(
            lambda kind, parts: many(kind, *parts),
            st.sampled_from(["mixed", "alternative", "related", "signed", "digest"]),
            st.lists(inner, min_size=1, max_size=4),
        ),
        max_leaves=12,
    )
)
def test_anything(entity: bytes) -> None:
    """Whatever a stranger builds is shown within bounds, or refused as no list should carry it."""
    try:
        found = shown(entity)
    except PayloadError:
        return
    assert len(found.text) <= MAX_CHARS
    assert len(found.attachments) <= MAX_NAMED
    assert all(character == "\n" or character.isprintable() or not character.isascii() for character in found.text)
