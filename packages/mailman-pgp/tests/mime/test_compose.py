"""The payload that members receive."""

import base64
import email
import email.policy
from dataclasses import replace
from email.message import EmailMessage, Message
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailman_pgp.mime import (
    Author,
    Outward,
    PayloadError,
    compose_payload,
    fields,
    outer_message,
    read_payload,
    status_line,
)
from mailman_pgp.mime.subject import prefixed


def composed(content: bytes, author: Author, outward: Outward, **options: str) -> bytes:
    return compose_payload(read_payload(content), author, outward, boundary="fixed", **options)


def parsed(data: bytes) -> EmailMessage:
    message = email.message_from_bytes(data, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


def leaves(data: bytes) -> list[Message]:
    return [part for part in email.message_from_bytes(data).walk() if not part.is_multipart()]


def assert_lines(data: bytes) -> None:
    assert data.count(b"\n") == data.count(b"\r\n") == data.count(b"\r")
    assert b"\0" not in data
    assert max(map(len, data.split(b"\r\n"))) <= 998


def test_author_content_is_kept(mail: SimpleNamespace, author: Author, outward: Outward) -> None:
    """The author's entity stands in the result byte for byte, less the header fields that are not its own."""
    for content in (mail.thunderbird(), mail.k9(), mail.apple()):
        payload = read_payload(content)
        assert payload.body.body_bytes in composed(content, author, outward, footer_text="footer")


def test_attachment_and_charset(mail: SimpleNamespace, author: Author, outward: Outward) -> None:
    """Attachments come out identical, texts with the charset and flow they were written in."""
    parts = leaves(composed(mail.thunderbird(), author, outward))
    assert [part.get_content_type() for part in parts] == ["text/plain", "text/plain", "application/pdf"]
    assert parts[1].get_param("format") == "flowed"
    assert parts[2].get_payload(decode=True) == bytes(range(256))
    assert parts[2].get_filename() == "plan.pdf"
    latin = leaves(composed(mail.mutt(), author, outward))[1]
    assert (latin.get_content_charset(), latin.get_payload(decode=True)) == ("iso-8859-1", b"Caf\xe9?\r\n")


def test_signature_layer_is_taken_off(mail: SimpleNamespace, author: Author, outward: Outward) -> None:
    """What was signed becomes the part; the author's signature, which no longer covers what is seen, goes."""
    data = composed(mail.signed(), author, outward)
    assert b"application/pgp-signature" not in data
    assert read_payload(mail.k9()).body.body_bytes in data


def test_status_comes_first(mail: SimpleNamespace, author: Author, outward: Outward) -> None:
    """The first part is the list's: who wrote it, and what became of the signature."""
    for content in mail.all:
        first = leaves(composed(content, author, outward, header_text="Header"))[0]
        text = first.get_payload(decode=True)
        assert isinstance(text, bytes)
        line = 'Written by "Anne Müller" <anne@example.com>; signature good (fingerprint ABCD EF01)\r\n'
        assert text.decode() == line
        assert first["Content-Disposition"] == "inline"


def test_not_authenticated(mail: SimpleNamespace, author: Author, outward: Outward) -> None:
    """The name in From says so, which stands where mails are listed, and keeps the list's name, however long the author's is."""
    long = replace(author, authenticated=False, name="x" * 70)
    for who, name in ((replace(author, authenticated=False), author.name), (long, "x" * 64)):
        inner = parsed(compose_payload(read_payload(mail.k9()), who, outward))
        assert inner["From"].addresses[0].display_name == f"{name} (not authenticated) via Security"


def test_decoration(mail: SimpleNamespace, author: Author, outward: Outward) -> None:
    """Header and footer are parts of their own, once each, also around plain text."""
    for content in mail.all:
        data = composed(content, author, outward, header_text="Über uns\nzwei", footer_text="To leave: x")
        texts = [part.get_payload(decode=True) for part in leaves(data)]
        assert texts[1] == "Über uns\r\nzwei\r\n".encode()
        assert texts[-1] == b"To leave: x\r\n"
        assert data.count(b"To leave") == 1
    assert len(leaves(composed(mail.mutt(), author, outward, header_text=" \n", footer_text=""))) == 2


def test_protected_headers(mail: SimpleNamespace, author: Author, outward: Outward) -> None:
    """RFC 9788: hp="cipher", the real fields, and one HP-Outer for each field outside but the structural ones."""
    inner = parsed(composed(mail.k9(), author, outward))
    assert inner["Content-Type"].params["hp"] == "cipher"
    assert inner["Content-Type"].params["protected-headers"] == "v1"
    assert inner["From"].addresses[0].display_name == "Anne Müller via Security"
    assert inner["From"].addresses[0].addr_spec == "list@example.com"
    assert inner["Subject"] == "[sec] Re: plan"
    assert parsed(b"From: " + inner["Author"].encode())["From"].addresses[0].addr_spec == "anne@example.com"
    assert inner["Message-ID"] == "<id-1@example.com>"
    outer = email.message_from_bytes(outer_message(outward).head)
    recorded = [value.replace("\r\n", "") for value in inner.get_all("HP-Outer")]
    structural = {"mime-version", "content-type"}
    sent = [f"{k}: {v}" for k, v in outer.items() if k.lower() not in structural]
    assert recorded == [value.replace("\n", "").replace("\r", "") for value in sent]
    assert {line.partition(":")[0] for line in recorded} <= set(inner.keys())


def test_read_back(mail: SimpleNamespace, author: Author, outward: Outward) -> None:
    """Our own reader finds in our own payload what was put there."""
    for content in mail.all:
        payload = read_payload(composed(content, author, outward))
        assert payload.protected
        assert payload.author_address == "list@example.com"
        assert payload.author_name == "Anne Müller via Security"
        assert payload.subject.count("[sec]") == 1
        assert "list@example.com" in payload.recipients


def test_subject_once() -> None:
    """The prefix stands once at the front, however many replies went before."""
    for subject in ("plan", "[sec] plan", "[SEC]  plan", " [sec] [sec] plan"):
        assert prefixed(subject, "[sec] ") == "[sec] plan"
    for subject in ("Re: plan", "Re: [sec] plan", "[sec] Re: plan", "AW: Re: [sec] RE[2]: plan", "回: [sec] x"):
        assert prefixed(subject, "[sec]").count("[sec]") <= 2
    for subject in ("Re: plan", "Re: [sec] plan", "[sec] Re: plan", "AW: Re: [sec] RE[2]: plan"):
        assert prefixed(subject, "[sec]") == "[sec] Re: plan"
    assert prefixed("Re: [sec]", "[sec]") == "[sec] Re: (no subject)"
    assert prefixed("Reply: x", "[sec]") == "[sec] Reply: x"
    assert prefixed("plan", "") == "plan"


def test_forged_list_headers(mail: SimpleNamespace, author: Author, outward: Outward) -> None:
    """A status, list, Autocrypt or HP-Outer field, or a second From, of the author's is not carried on."""
    forged = mail.crlf(
        "X-Mailman-PGP-Status: good; Bob",
        "X-PGP-Status: good",
        "List-Id: <evil.example.com>",
        "HP-Outer: From: bob@example.com",
        "Autocrypt: addr=anne@example.com; keydata=RVZJTA==",
        "Autocrypt-Gossip: addr=bob@example.com; keydata=RVZJTA==",
        "Author: bob@example.com",
        "Sender: bob@example.com",
        "Reply-To: evil@example.com",
        "Disposition-Notification-To: evil@example.com",
        "Content-Evil: x",
    )
    data = composed(forged + mail.k9(), author, outward)
    for word in (b"PGP-Status", b"evil", b"bob@", b"RVZJTA", b"Evil"):
        assert word not in data
    assert data.count(b"\r\nFrom:") + data.startswith(b"From:") == 1


def test_unprotected_addressees(mail: SimpleNamespace, author: Author, outward: Outward) -> None:
    """To and Cc from outside are not carried: whoever was on the way could have added one to get the replies."""
    payload = read_payload(mail.mutt(), {"To": "eve@example.com", "Cc": "eve@example.com", "Subject": "x"})
    inner = parsed(compose_payload(payload, author, outward))
    assert (inner["To"], inner["Cc"]) == ("list@example.com", None)
    inside = parsed(composed(mail.thunderbird(), author, outward))
    assert [a.addr_spec for a in inside["To"].addresses] == ["list@example.com", "bob@example.org"]


def test_injection(mail: SimpleNamespace) -> None:
    """Line ends in any value of author or list begin no new field, neither inside nor outside."""
    evil = "x\r\nEvil: yes\r\n\r\nbody"
    author = Author("anne@example.com", evil, evil)
    bad = Outward(
        list_address="list@example.com",
        list_name=evil,
        list_id=evil,
        subject_prefix=evil,
        headers={"List-Post": evil, "List-Evil": evil},
        message_id=f"<a@b>{evil}",
        date=evil,
        in_reply_to=f"<{evil}>",
        references=f"<c@d>\r\n <e@f>{evil}",
        autocrypt=evil,
    )
    content = mail.k9().replace(b"Re: [sec] plan", b"=?utf-8?q?x=0D=0AEvil:_yes?=")
    for data in (compose_payload(read_payload(content), author, bad), outer_message(bad).head):
        header = email.message_from_bytes(data)
        assert "Evil" not in header
        assert header["Message-ID"] == "<a@b>"
        assert header["References"] == "<c@d> <e@f>"
        assert header["In-Reply-To"] is None
        assert header["Autocrypt"] is None
        assert_lines(data)


def test_names_that_look_like_addresses(mail: SimpleNamespace, outward: Outward) -> None:
    """Instead of a name that looks like another's address the own address's first half is shown."""
    inner = parsed(composed(mail.k9(), Author("anne@example.com", "bob@example.org", "signature good"), outward))
    assert inner["From"].addresses[0].display_name == "anne via Security"
    long = parsed(composed(mail.k9(), Author("anne@example.com", "x" * 500, "signature good"), outward))
    assert long["From"].addresses[0].display_name.endswith("x via Security")


@pytest.mark.parametrize(
    ("encoding", "raw", "expected"),
    [
        ("binary", bytes(range(256)) * 20, bytes(range(256)) * 20),
        ("binary", b"a\nb\r\nc", b"a\nb\r\nc"),
        ("7bit", b"x" * 5000, b"x" * 5000),
        ("8bit", b"a\rb\0c\xff", b"a\rb\0c\xff"),
        ("7bit", b"a\nb", b"a\r\nb"),
        ("base64", base64.b64encode(bytes(range(256)) * 20), bytes(range(256)) * 20),
        ("quoted-printable", b"=41" * 500, b"A" * 500),
        ("x-unknown", b"x" * 999, b"x" * 999),
    ],
)
def test_unfit_parts(author: Author, outward: Outward, encoding: str, raw: bytes, expected: bytes) -> None:
    """A part with lines that mail forbids is encoded anew with the same content; what is fit beside it stays."""
    content = (
        b"Content-Type: multipart/mixed; boundary=q\r\n\r\n--q\r\n\r\nfit\r\n--q\r\n"
        b'Content-Type: application/octet-stream; name="f"\r\nContent-Transfer-Encoding: '
        + encoding.encode()
        + b"\r\n\r\n"
        + raw
        + b"\r\n--q--\r\n"
    )
    data = composed(content, author, outward)
    assert_lines(data)
    assert [part.get_payload(decode=True) for part in leaves(data)][1:] == [b"fit", expected]


def test_unfit_forwarded_message(author: Author, outward: Outward) -> None:
    """A forwarded message that mail forbids to encode becomes a file with the same bytes."""
    inner = b"Subject: x\r\n\r\n" + b"y" * 2000
    data = composed(b"Content-Type: message/rfc822\r\n\r\n" + inner, author, outward)
    assert_lines(data)
    last = leaves(data)[-1]
    assert (last.get_content_type(), last.get_payload(decode=True)) == ("application/octet-stream", inner)


def test_missing_content_type(author: Author, outward: Outward) -> None:
    """Text that came without a Content-Type is declared as what it is."""
    for raw, charset in ((b"hi", "us-ascii"), ("ü".encode(), "utf-8"), (b"\xfc", "unknown-8bit")):
        part = leaves(composed(b"Subject: x\r\n\r\n" + raw, author, outward))[1]
        assert (part.get_content_charset(), part.get_payload(decode=True)) == (charset, raw)


def test_part_without_end(author: Author, outward: Outward) -> None:
    """A multipart that never ends is ended by ours, and the footer is outside it."""
    content = b"Content-Type: multipart/mixed; boundary=q\r\n\r\n--q\r\n\r\nopen"
    data = composed(content, author, outward, footer_text="footer")
    assert [part.get_payload(decode=True) for part in leaves(data)][1:] == [b"open", b"footer\r\n"]


def test_payload_marks_are_taken_off_the_part(mail: SimpleNamespace, author: Author, outward: Outward) -> None:
    """Only our root says hp= and protected-headers=; on the author's part they would mislead."""
    for content in (mail.k9(), mail.thunderbird()):
        data = composed(content, author, outward)
        assert data.count(b"hp=") == 1
        assert data.count(b"protected-headers=") == 1


def test_deterministic(mail: SimpleNamespace, author: Author, outward: Outward) -> None:
    """Given the delimiter the bytes are the same each time; else delimiters are never the same twice."""
    assert composed(mail.k9(), author, outward) == composed(mail.k9(), author, outward)
    payload = read_payload(mail.k9())
    assert compose_payload(payload, author, outward) != compose_payload(payload, author, outward)


@given(
    st.lists(
        st.one_of(
            st.binary(max_size=30),
            st.sampled_from([b"\r\n", b"\n", b"--q\r\n", b"Content-Type: multipart/mixed; boundary=q\n", b"x" * 999]),
        ),
        max_size=20,
    ).map(b"".join),
    st.text(max_size=60),
    st.text(max_size=60),
)
def test_always_well_formed(content: bytes, text: str, name: str) -> None:
    """Whatever the author sent, the result has CRLF lines below the limit, and ours is the first part and the frame."""
    outward = Outward("list@example.com", name, "list.example.com", text, text, text, {"List-Post": text})
    author = Author("anne@example.com", name, text)
    try:
        data = compose_payload(read_payload(content), author, outward, header_text=text, footer_text="the end")
    except PayloadError:
        return
    assert_lines(data)
    back = read_payload(data)
    assert back.author_address == "list@example.com"
    first, *_, last = leaves(data)
    assert b"Written by" in (first.get_payload(decode=True) or b"")
    assert last.get_payload(decode=True) == b"the end\r\n"


def test_outward_is_tame(outward: Outward) -> None:
    """Unreadable identifiers are replaced or dropped, and the same one always by the same."""
    first, second = (replace(outward, message_id="no brackets", references="junk").message_id for _ in range(2))
    assert first == second
    assert first.endswith("@example.com>")
    many = replace(outward, references=" ".join(f"<{n}@x>" for n in range(1000))).references
    assert many is not None
    assert many.split()[0] == "<0@x>"
    assert many.split()[-1] == "<999@x>"
    with pytest.raises(ValueError, match="no address"):
        replace(outward, list_address="list@example.com\r\nBcc: x@y")


def test_status_as_a_sentence(author: Author) -> None:
    """A status that is a sentence of its own stands as one."""
    assert status_line(replace(author, status_sentence="Not signed.")).endswith("<anne@example.com>. Not signed.")
    assert status_line(Author("a@b.c", "", "not signed")) == "Written by a@b.c; not signed"


def test_protected_keywords(mail: SimpleNamespace, author: Author, outward: Outward) -> None:
    """Keywords that the author protected are carried on; from outside they are not."""
    inside = mail.crlf("Keywords: =?utf-8?q?gr=C3=BCn?=") + mail.k9()
    assert parsed(composed(inside, author, outward))["Keywords"] == "grün"
    payload = read_payload(mail.mutt(), {"Keywords": "x"})
    assert parsed(compose_payload(payload, author, outward))["Keywords"] is None


@pytest.mark.parametrize("value", ["a\r\nBcc: x", "a\n b", "a\0", "\u00fc", "x" * 1000])
def test_no_field_can_hold_another(value: str) -> None:
    """The writer of fields refuses what is not printable ASCII or cannot be folded."""
    with pytest.raises(ValueError, match="The value of To"):
        fields.field("To", value)
