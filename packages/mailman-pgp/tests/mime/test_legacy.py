"""Copies of hidden header fields in the text, for programs that show them nowhere else: written on demand, taken out of posts."""

import base64
import email
import email.policy
from dataclasses import replace
from email.message import EmailMessage
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailman_pgp.mime import Author, Outward, PayloadError, compose_payload, read_payload

SUBJECT = "Subject: Dinner plans\r\n\r\n"
DIV = '<div class="header-protection-legacy-display">\r\n<pre>Subject: Dinner plans</pre>\r\n</div>\r\n'
MARK = 'hp-legacy-display="1"'


def parts_of(data: bytes) -> list[EmailMessage]:
    message = email.message_from_bytes(data, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return [part for part in message.walk() if not part.is_multipart()]


def text_of(part: EmailMessage) -> str:
    return str(part.get_content()).replace("\r\n", "\n")


def composed(content: bytes, author: Author, outward: Outward, *, legacy: bool = False, header: str = "") -> bytes:
    payload = read_payload(content)
    return compose_payload(payload, author, outward, legacy_display=legacy, header_text=header, boundary="fixed")


def test_off(mail: SimpleNamespace, author: Author, outward: Outward) -> None:
    """Without the setting no part is marked, and the text begins with the list's line."""
    for content in mail.all:
        data = composed(content, author, outward)
        assert b"legacy" not in data
        assert text_of(parts_of(data)[0]).startswith("Written by")


def test_first_text_begins_with_what_is_hidden(mail: SimpleNamespace, author: Author, outward: Outward) -> None:
    """Subject and sender stand above the list's line, decoded, up to an empty line (§5.2.2); the part alone is marked (§2.1.2)."""
    for content in mail.all:
        data = composed(content, author, outward, legacy=True, header="Über uns")
        first, second, *_ = parts_of(data)
        assert first.get_content_type() == "text/plain"
        assert first["content-type"].params["hp-legacy-display"] == "1"
        element, _, rest = text_of(first).partition("\n\n")
        message = email.message_from_bytes(data, policy=email.policy.default)
        lines = element.splitlines()
        assert lines[0] == f"Subject: {message['subject']}"
        assert (
            lines[1] == 'From: "Anne Müller via Security" <list@example.com>' or "Anne Müller via Security" in lines[1]
        )
        assert rest.startswith('Written by "Anne Müller"')
        assert text_of(second) == "Über uns\n"
        assert data.count(MARK.encode()) == 1


def test_only_what_is_hidden(mail: SimpleNamespace, author: Author, outward: Outward) -> None:
    """To stands there only where it is another one outside; never what tells nothing to a person."""
    first = text_of(parts_of(composed(mail.k9(), author, outward, legacy=True))[0])
    assert [line.partition(":")[0] for line in first.partition("\n\n")[0].splitlines()] == ["Subject", "From"]
    first = text_of(parts_of(composed(mail.thunderbird(), author, outward, legacy=True))[0])
    assert [line.partition(":")[0] for line in first.partition("\n\n")[0].splitlines()] == ["Subject", "From", "To"]
    assert "bob@example.org" in first


def test_nothing_of_the_author_changes(mail: SimpleNamespace, author: Author, outward: Outward) -> None:
    """The copy is in a part of the list's own, also where it says nothing else: it has then nothing but the copy."""
    for content in mail.all:
        for who in (author, replace(author, status_sentence=None)):
            with_copy = parts_of(composed(content, who, outward, legacy=True))
            without = parts_of(composed(content, who, outward))
            same = without[1:] if who.status_sentence else without
            assert [part.as_bytes() for part in with_copy[1:]] == [part.as_bytes() for part in same]
    text = text_of(with_copy[0])
    assert text.startswith("Subject: ")
    assert text.rstrip("\n").count("\n\n") == 0
    assert text.endswith("\n\n\n")


def test_a_subject_of_any_length_is_one_line(author: Author, outward: Outward) -> None:
    """Nothing in a subject begins another line of the copy, or ends it."""
    subject = "=?utf-8?q?x=0D=0A=0D=0AFrom:_eve=E2=80=A8To:_eve?= " + "y" * 900
    content = f'Subject: {subject}\r\nContent-Type: text/plain; hp="cipher"\r\n\r\nhello\r\n'.encode()
    data = composed(content, author, outward, legacy=True)
    assert max(map(len, data.split(b"\r\n"))) <= 998
    element = text_of(parts_of(data)[0]).partition("\n\n")[0]
    assert [line.partition(":")[0] for line in element.splitlines()] == ["Subject", "From"]
    assert "y" * 800 in element


def encoded(text: str, encoding: str) -> str:
    match encoding:
        case "base64":
            return base64.encodebytes(text.encode()).decode().replace("\n", "\r\n")
        case "quoted-printable":
            return text.replace("=", "=3D").replace("Dinner", "=44inn=\r\ner").replace("ü", "=C3=BC")
    return text


def leaf(kind: str, text: str, encoding: str = "8bit", more: str = "") -> str:
    head = f"Content-Type: text/{kind}; charset=utf-8; {MARK}{more}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n"
    return head + encoded(text, encoding)


def bodies(data: bytes) -> list[str]:
    return [text_of(part) for part in parts_of(data)[1:]]


@pytest.mark.parametrize("encoding", ["7bit", "8bit", "base64", "quoted-printable"])
@pytest.mark.parametrize("line_end", ["\r\n", "\n"])
def test_the_authors_copy_is_taken_out(author: Author, outward: Outward, encoding: str, line_end: str) -> None:
    """What the author's program copied is stale (it lacks the prefix) and shown by the list's part: it goes, the text stays."""
    text = SUBJECT + "Let's meet, für =alle\r\n\r\nSubject: none\r\n"
    content = leaf("plain", text, encoding, '; hp="cipher"').replace("\r\n", line_end)
    data = composed(f"Subject: Dinner plans{line_end}{content}".encode(), author, outward)
    assert bodies(data) == ["Let's meet, für =alle\n\nSubject: none\n"]
    assert b"hp-legacy" not in data


@pytest.mark.parametrize("encoding", ["8bit", "base64", "quoted-printable"])
def test_in_alternatives(author: Author, outward: Outward, encoding: str) -> None:
    """Both alternatives lose theirs; an attachment keeps what it has, and so does what surrounds them."""
    attached = leaf("plain", SUBJECT + "a file").replace("\r\n\r\n", "\r\nContent-Disposition: attachment\r\n\r\n", 1)
    content = (
        'Subject: Dinner plans\r\nContent-Type: multipart/mixed; boundary=m; hp="cipher"\r\n\r\n--m\r\n'
        "Content-Type: multipart/alternative; boundary=a\r\n\r\n--a\r\n"
        + leaf("plain", SUBJECT + "plain ü\r\n", encoding)
        + "\r\n--a\r\n"
        + leaf("html", f"<body>\r\n{DIV}<p>markup ü</p></body>", encoding)
        + f"\r\n--a--\r\n--m\r\n{attached}\r\n--m--\r\n"
    )
    data = composed(content.encode(), author, outward)
    assert [body.strip() for body in bodies(data)] == [
        "plain ü",
        "<body>\n<p>markup ü</p></body>",
        SUBJECT.replace("\r\n", "\n") + "a file",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "Hello,\r\n\r\nyes\r\n",
        "Subject: x\r\nHello,\r\n\r\nyes\r\n",
        "Subject: x\r\nno empty line\r\n",
        "X-Other: x\r\n\r\nyes\r\n",
        "\r\nSubject: x\r\n\r\n",
        "Subject: no end",
        "",
    ],
)
def test_what_is_no_copy_stays(author: Author, outward: Outward, text: str) -> None:
    """A mark on other text makes nothing of it vanish from what members get."""
    data = composed(leaf("plain", text, more='; hp="cipher"').encode(), author, outward)
    assert [body.strip() for body in bodies(data)] == [text.replace("\r\n", "\n").strip()]


def test_only_where_fields_are_hidden(author: Author, outward: Outward) -> None:
    """In a payload that hides nothing (§4.5.3) the mark means nothing, and the text stays."""
    for scheme in ("", '; hp="clear"', '; protected-headers="v1"'):
        data = composed(leaf("plain", SUBJECT + "yes", more=scheme).encode(), author, outward)
        assert bodies(data)[0].startswith("Subject: Dinner plans\n\nyes")


def test_a_copy_is_not_believed(author: Author, outward: Outward) -> None:
    """What stands in the text is no header field, whatever it is marked as."""
    text = "From: eve@example.com\r\nSubject: forged\r\n\r\nyes\r\n"
    payload = read_payload(b"Subject: true\r\n" + leaf("plain", text, more='; hp="cipher"').encode())
    assert (payload.subject, payload.author) == ("true", None)
    data = compose_payload(payload, author, outward, legacy_display=True)
    for word in (b"eve@", b"forged"):
        assert word not in data


@pytest.mark.parametrize("kind", [b"text/plain", b"text/rfc822-headers"])
def test_the_older_part_is_taken_out(mail: SimpleNamespace, author: Author, outward: Outward, kind: bytes) -> None:
    """Of the older scheme's part for copies nothing is left; one that holds anything else stays."""
    content = mail.enigmail().replace(b"text/rfc822-headers", kind)
    (body,) = bodies(composed(content, author, outward))
    assert body == "hello"
    for other in (b"Hello", b"Subject: x\r\nHello"):
        kept = composed(content.replace(b"\r\n\r\nSubject: secret", b"\r\n\r\n" + other), author, outward)
        assert other in kept
        assert len(parts_of(kept)) == 3
    for number in (1, 2):  # neither the payload nor the part may do without the mark
        less = content.replace(b'protected-headers="v1"', b'x="v1"', number)
        less = less.replace(b'x="v1"', b'protected-headers="v1"', number - 1)
        assert len(parts_of(composed(less, author, outward))) == 3


@given(
    st.lists(
        st.one_of(
            st.binary(max_size=20),
            st.sampled_from(
                [b"\r\n", b"\n", b"Subject: x\r\n", b" y\r\n", DIV.encode(), leaf("html", "").encode(), b"--q\r\n"]
            ),
        ),
        max_size=12,
    ).map(b"".join),
)
def test_any_content(content: bytes) -> None:
    """Whatever is marked, the result is well formed, and read again it has nothing more to lose."""
    head = b'Content-Type: multipart/alternative; boundary=q; hp="cipher"\r\n\r\n--q\r\n' + leaf("plain", "").encode()
    outward = Outward("list@example.com", "L", "list.example.com", "<a@b>", "")
    try:
        payload = read_payload(head + content)
    except PayloadError:
        return
    data = compose_payload(payload, Author("anne@example.com", "Anne", "good"), outward, legacy_display=True)
    assert data.count(b"\n") == data.count(b"\r\n") == data.count(b"\r")
    assert max(map(len, data.split(b"\r\n"))) <= 998
    read_payload(data)
