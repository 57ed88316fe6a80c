"""What a received message counts as."""

import email
import time
from email.message import Message
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailman_pgp.mime import Structure, examine

# Of work that takes a few tenths, on a machine that is busy.
MOST_SECONDS = 3


def parsed(data: bytes) -> Message:
    return email.message_from_bytes(data)


def test_pgp_mime(mail: SimpleNamespace) -> None:
    """A root of exactly the two parts of RFC 3156 is encrypted, and the armored data comes out unchanged."""
    found = examine(parsed(mail.encrypted()))
    assert (found.structure, found.repaired) == (Structure.ENCRYPTED, False)
    assert found.ciphertext is not None
    assert found.ciphertext.strip().replace(b"\r\n", b"\n") == mail.armored.strip()


def test_base64_data(mail: SimpleNamespace) -> None:
    """A gateway's transfer encoding is undone."""
    data = mail.encrypted().replace(
        b'name="encrypted.asc"\r\n\r\n' + mail.armored.rstrip(),
        b'name="encrypted.asc"\r\nContent-Transfer-Encoding: base64\r\n\r\nLS0tLS1CRUdJTg==',
    )
    assert examine(parsed(data)).ciphertext == b"-----BEGIN"


@pytest.mark.parametrize("protocol", [' protocol="application/pkcs7-mime";', ' protocol="";'])
def test_wrong_protocol(mail: SimpleNamespace, protocol: str) -> None:
    """multipart/encrypted with another protocol is broken."""
    assert examine(parsed(mail.encrypted(protocol=protocol))).structure is Structure.BROKEN


def test_third_part(mail: SimpleNamespace) -> None:
    """A third part beside the encrypted one makes it broken: nobody may add text to what is encrypted."""
    extra = mail.crlf("--cut", "Content-Type: text/plain", "", "visit my site")
    found = examine(parsed(mail.encrypted(extra=extra)))
    assert (found.structure, found.ciphertext) == (Structure.BROKEN, None)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"\r\n\r\nVersion: 1", b"\r\n\r\nVersion: 2"),
        (b"\r\n\r\nVersion: 1", b"\r\n\r\nVersion: 10"),
        (b"\r\n\r\nVersion: 1", b"\r\n\r\npsst"),
        (b"\r\n\r\nVersion: 1", b"\r\n\r\nVersion: 1\r\npsst"),
        (b"\r\n\r\nVersion: 1", b"\r\n\r\npsst\r\nVersion: 1"),
        (b"\r\n\r\nVersion: 1", b"\r\n\r\nVersion: 1" + b" " * 1100 + b"psst"),
        (b"pgp-encrypted\r\n\r\nVersion: 1", b"pgp-encrypted\r\nContent-Transfer-Encoding: base64\r\n\r\nVersion: 1"),
        (
            b"Content-Type: application/pgp-encrypted\r\n",
            b"Content-Type: application/pgp-encrypted\r\nContent-Type: text/plain\r\n",
        ),
        (
            b"Content-Type: application/octet-stream;",
            b"Content-Type: application/octet-stream\r\nContent-Type: text/html;",
        ),
        (b"Content-Type: application/pgp-encrypted\r\n", b"Content-Type: text/html\r\n"),
        (b"Content-Type: application/pgp-encrypted\r\n\r\n", b"Content-Type: text/plain\r\n\r\nhello\r\n"),
        (b"application/octet-stream", b"text/html"),
        (b"MIME-Version: 1.0", b"Content-Type: text/plain"),
        (b"Content-Type: application/octet-stream;", b"Content-Type: multipart/mixed; boundary=q;"),
    ],
)
def test_broken(mail: SimpleNamespace, old: bytes, new: bytes) -> None:
    """What claims to be multipart/encrypted and is not well-formed is broken, not unencrypted."""
    assert examine(parsed(mail.encrypted().replace(old, new))).structure is Structure.BROKEN


@pytest.mark.parametrize("kind", ["mixed", "signed", "related", "alternative"])
def test_encrypted_part(mail: SimpleNamespace, kind: str) -> None:
    """An encrypted part below the root, beside readable text or alone, does not make a message encrypted: it is broken."""
    for before in (("--o", "", "hi"), ()):
        data = mail.crlf(f"Content-Type: multipart/{kind}; boundary=o", "", *before, "--o") + mail.encrypted()
        found = examine(parsed(data + mail.crlf("--o--")))
        assert (found.structure, found.ciphertext) == (Structure.BROKEN, None)


def test_encrypted_part_that_was_forwarded(mail: SimpleNamespace) -> None:
    """In a mail that is attached, or deeper, it is that mail's."""
    for kind in (
        "message/rfc822\r\n",
        "multipart/mixed; boundary=i\r\n\r\n--i\r\nContent-Type: multipart/mixed; boundary=j\r\n\r\n--j",
    ):
        data = (
            mail.crlf("Content-Type: multipart/mixed; boundary=o", "", "--o", f"Content-Type: {kind}")
            + mail.encrypted()
        )
        assert examine(parsed(data + mail.crlf("--o--"))).structure is Structure.NOT_ENCRYPTED


CONTROL = "application/pgp-encrypted\n\nVersion: 1"
DATA = "application/octet-stream\n\n-----BEGIN PGP MESSAGE-----\n\nx\n-----END PGP MESSAGE-----"
AS_TEXT = DATA.replace("application/octet-stream", "text/plain; charset=utf-8")


def two_parts(kind: str = "multipart/mixed", *, control: str = CONTROL, data: str = DATA, before: str = "") -> Message:
    """The two parts of RFC 3156, as something on the way has left them."""
    head = f'Content-Type: {kind}; protocol="application/pgp-encrypted"; boundary=m\n\n'
    return parsed((head + before + f"--m\nContent-Type: {control}\n--m\nContent-Type: {data}\n--m--\n").encode())


EMPTY = "--m\nContent-Type: text/plain\n\n  \n\n"
PAGE = (
    "--m\nContent-Type: text/html; charset=utf-8\n\n<html><head><meta name=Generator content=Outlook>"
    '<style type="text/css" style="display:none;"> P {margin-top:0;} </style></head><body dir="ltr">\u00a0&nbsp;<br></body></html>\n'
)
BOTH = f"--m\nContent-Type: multipart/alternative; boundary=a\n\n{EMPTY}{PAGE}--m--\n".replace("--m", "--a").replace(
    "--a", "--m", 1
)
REPAIRED = {
    "Exchange": two_parts(before=EMPTY),
    "Exchange, without the text": two_parts(),
    "Exchange, with an empty text in HTML": two_parts(before=EMPTY.replace("plain", "html")),
    "Exchange, with an empty page": two_parts(before=PAGE),
    "Exchange, with an empty text in two forms": two_parts(before=BOTH),
    "Exchange, with another empty text behind": two_parts(before=EMPTY, data=f"{DATA}\n{EMPTY}{PAGE}"),
    "empty text in front of what has its type": two_parts("multipart/encrypted", before=EMPTY),
    "both are files": two_parts(control=CONTROL.replace("pgp-encrypted", "octet-stream")),
    "the other way round": two_parts(control=DATA, data=CONTROL),
    "data as a text": two_parts("multipart/encrypted", data=AS_TEXT),
    "data as what its name says": two_parts("multipart/encrypted", data=DATA.replace("octet-stream", "pgp-signature")),
    "version as a text": two_parts("multipart/encrypted", control=CONTROL.replace("application/pgp-encrypted", "text/plain")),
    "right type, the other way round": two_parts("multipart/encrypted", control=DATA, data=CONTROL),
    "byte order mark in an empty text": two_parts(before=EMPTY.replace("  ", "\ufeff")),
    "byte order mark": two_parts(data=AS_TEXT.replace("\n\n", "\n\n\ufeff ", 1)),
    "footer behind the armor": two_parts("multipart/encrypted", data=AS_TEXT + "\n-- \nChecked by a gateway"),
    "empty version": two_parts("multipart/encrypted", control="application/pgp-encrypted\n\n"),
    "empty version, in a mixed": two_parts(control="application/pgp-encrypted\n\n \n"),
    "without a protocol": parsed(
        f"Content-Type: multipart/encrypted; boundary=m\n\n--m\nContent-Type: {CONTROL}\n--m\nContent-Type: {DATA}\n--m--\n".encode()
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REPAIRED)
def test_what_the_way_has_changed_is_repaired(name: str) -> None:
    """Other types, another order, a blank text in front, of mail servers: the two parts are found again."""
    found = examine(REPAIRED[name])
    assert (found.structure, found.repaired) == (Structure.ENCRYPTED, True)
    assert b"-----BEGIN PGP MESSAGE-----" in (found.ciphertext or b"")


WORDS = "--m\nContent-Type: text/plain\n\npsst\n"
IS_LEFT = {
    "words in front": two_parts(before=WORDS),
    "words in front, in HTML": two_parts(before=PAGE.replace("<br>", "psst")),
    "words in front that are hidden": two_parts(before=PAGE.replace("<br>", "<p hidden>psst</p>")),
    "words in front that not every program shows": two_parts(
        before=PAGE.replace("<br>", "<svg><text>psst</text></svg>")
    ),
    "words in front in the title": two_parts(before=PAGE.replace("<style", "<title>psst</title><style")),
    "words in front of which the style is not closed": two_parts(before=PAGE.replace("<br>", "<style></style><p>psst")),
    "words in front in one of two forms": two_parts(before=BOTH.replace("<br>", "psst")),
    "a picture in front": two_parts(before=EMPTY.replace("text/plain", "image/png")),
    "words behind": two_parts(data=DATA + "\n" + WORDS),
    "a file behind": two_parts(data=DATA + "\n" + WORDS.replace("text/plain", "application/pdf")),
    "a file behind the two as files": two_parts(
        control=CONTROL.replace("pgp-encrypted", "octet-stream"),
        data=DATA + "\n" + WORDS.replace("text/plain", "application/pdf"),
    ),
    "two of data beside the version": two_parts(data=f"{DATA}\n--m\nContent-Type: {DATA}"),
    "two of data beside the version, one as a text": two_parts(data=f"{DATA}\n--m\nContent-Type: {AS_TEXT}"),
    "two versions": two_parts(data=f"{DATA}\n--m\nContent-Type: {CONTROL}"),
    "two of each": two_parts(data=f"{DATA}\n--m\nContent-Type: {CONTROL}\n--m\nContent-Type: {DATA}"),
    "many empty texts": two_parts(before=EMPTY * 50),
    "alternatives": two_parts("multipart/alternative"),
}
NOT_REPAIRED = {
    **IS_LEFT,
    "words in front of what has its type": two_parts("multipart/encrypted", before=WORDS),
    "words behind what has its type": two_parts("multipart/encrypted", data=DATA + "\n" + WORDS),
    "words beside the version": two_parts(control="text/plain\n\nVersion: 1\npsst"),
    "words before the version": two_parts(control="text/plain\n\npsst\nVersion: 1"),
    "words before the armor": two_parts(data=AS_TEXT.replace("\n\n", "\n\npsst\n", 1)),
    "another version": two_parts(control=CONTROL.replace("1", "2")),
    "no version": two_parts(control="application/octet-stream\n\n"),
    "HTML": two_parts(data=AS_TEXT.replace("plain", "html")),
    "two of data": two_parts(control=DATA),
    "data of a level below": two_parts(data=f"multipart/mixed; boundary=n\n\n--n\nContent-Type: {DATA}\n--n--"),
    "data in a forwarded mail": two_parts(data=f"message/rfc822\n\nContent-Type: {DATA}"),
    "version in a forwarded mail": two_parts(control=f"message/rfc822\n\nContent-Type: {CONTROL}"),
    "words far beside the version": two_parts(control="text/plain\n\nVersion: 1" + " " * 1100 + "psst"),
    "version of several types": two_parts(control="application/octet-stream\nContent-Type: text/html\n\nVersion: 1"),
    "data of a type that can't be read": two_parts(
        data=f"application/octet-stream; x={'x' * 9000}\n\n-----BEGIN PGP MESSAGE-----"
    ),
    "binary data as a text": two_parts(data="text/plain\n\nx"),
}


@pytest.mark.parametrize("name", NOT_REPAIRED)
def test_what_somebody_could_have_written_is_not_repaired(name: str) -> None:
    """With words beside the two parts, which could be read on the way, or with another structure, nothing is opened."""
    found = examine(NOT_REPAIRED[name])
    assert found.structure is not Structure.ENCRYPTED
    assert (found.ciphertext, found.repaired) == (None, False)


@pytest.mark.parametrize("name", IS_LEFT)
def test_what_is_left_of_an_encrypted_message_is_broken(name: str) -> None:
    """It is no mail in the clear, though it has words that are: its author has encrypted it."""
    assert examine(IS_LEFT[name]).structure is Structure.BROKEN


@pytest.mark.parametrize("kind", ["application/pgp-encrypted", "application/octet-stream"])
def test_file_that_was_encrypted(kind: str) -> None:
    """A file whose name ends in ".pgp" is one, whatever its type; so is one that says a version."""
    data = DATA.replace("application/octet-stream", kind)
    for file in (data, f"{data}\n--m\nContent-Type: {data}", CONTROL.replace("pgp-encrypted", "octet-stream")):
        mixed = f"Content-Type: multipart/mixed; boundary=m\n\n{WORDS}--m\nContent-Type: {file}\n--m--\n"
        assert examine(parsed(mixed.encode())).structure is Structure.NOT_ENCRYPTED


def test_inline(mail: SimpleNamespace) -> None:
    """An armored message in a text is told apart, so that the answer can say what to do."""
    inline = b"Content-Type: text/plain\n\nhello\n" + mail.armored
    assert examine(parsed(inline)).structure is Structure.INLINE
    assert examine(parsed(inline)).ciphertext is None


def test_plain(mail: SimpleNamespace) -> None:
    """Text, no Content-Type and 8-bit headers are simply not encrypted; so is an .asc file."""
    assert examine(parsed(b"Subject: hi\n\nhello")).structure is Structure.NOT_ENCRYPTED
    assert examine(parsed(b"Content-Type: text/pl\xe4in\nSubject: \xff\n\nhello")).structure is Structure.NOT_ENCRYPTED
    data = mail.crlf("Content-Type: application/pgp-encrypted", "", mail.armored)
    assert examine(parsed(data)).structure is Structure.NOT_ENCRYPTED


def test_no_deep_walk() -> None:
    """Ten thousand nested parts are looked at one level deep."""
    root = inner = Message()
    for _ in range(10_000):
        inner["Content-Type"] = "multipart/mixed"
        child = Message()
        inner.set_payload([child])
        inner = child
    assert examine(root).structure is Structure.NOT_ENCRYPTED


def part(kind: str, content: str | list[Message], encoding: str = "7bit") -> Message:
    """One part, without the work of parsing it."""
    made = Message()
    made["Content-Type"], made["Content-Transfer-Encoding"] = kind, encoding
    made.set_payload(content)
    return made


PAGES = [part("text/html", "<p hidden>" * 3_000) for _ in range(300)]
MEGABYTES = {
    "versions": [part("text/plain", "Version: 1")] * 200_000,
    "multiparts": [part("multipart/alternative", [part("text/plain", "Version: 1")])] * 50_000,
    "pages": PAGES,
    "pages in two forms": [part("multipart/alternative", PAGES)] * 6,
    "large pages": [part("text/html", "<p hidden>" * 1_000_000)] * 6,
    "a large version": [part("application/pgp-encrypted", " " * 20_000_000)],
    "base64": [part("text/plain", "A\n" * 10_000_000, "base64")],
    "quoted-printable": [part("text/plain", "=\n" * 10_000_000, "quoted-printable")],
    "blanks": [part("text/plain", " \n" * 10_000_000)],
}


@pytest.mark.parametrize("name", MEGABYTES)
def test_megabytes_are_done_with(name: str) -> None:
    """Parts without end, and parts of many megabytes, beside the two or without them, take no time to look at."""
    two = [part(kind, content) for kind, _, content in (CONTROL.partition("\n\n"), DATA.partition("\n\n"))]
    for rest in ([], two[:1], two):
        message = part("multipart/mixed", MEGABYTES[name] + rest)
        began = time.process_time()
        examine(message)
        assert time.process_time() - began < MOST_SECONDS


@given(st.binary(max_size=400), st.sampled_from(["multipart/encrypted", "multipart/mixed", "text/plain"]))
def test_raises_nothing(data: bytes, kind: str) -> None:
    """Whatever arrives gets an answer."""
    head = f'Content-Type: {kind}; protocol="application/pgp-encrypted"; boundary=x\r\n\r\n--x\r\n'.encode()
    for message in (parsed(data), parsed(head + data + b"\r\n--x\r\n" + data + b"\r\n--x--")):
        found = examine(message)
        assert (found.ciphertext is not None) == (found.structure is Structure.ENCRYPTED)
