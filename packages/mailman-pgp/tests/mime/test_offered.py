"""Which keys a mail brings."""

from __future__ import annotations

import base64
import email
import time
from email.message import Message
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailman_pgp.mime import Offered, PayloadError, offered, read_payload

if TYPE_CHECKING:
    from types import SimpleNamespace

ANNE = "anne@example.com"
BINARY = bytes([0xC6, 0x33]) + bytes(range(51))


def armored(kind: str = "PUBLIC KEY BLOCK", data: str = "xjMEZ") -> bytes:
    return f"-----BEGIN PGP {kind}-----\n\n{data}\n=AbCd\n-----END PGP {kind}-----\n".encode()


KEY = armored()
OTHER = armored(data="yTOTHER")
SECRET = armored("PRIVATE KEY BLOCK")


def part(data: bytes, kind: str = "text/plain", name: str = "", *, encode: bool = False) -> bytes:
    disposition = f'Content-Disposition: attachment; filename="{name}"\r\n' if name else ""
    head = f"Content-Type: {kind}\r\n{disposition}"
    if encode:
        return f"{head}Content-Transfer-Encoding: base64\r\n\r\n".encode() + base64.encodebytes(data)
    return f"{head}\r\n".encode() + data


def mixed(*parts: bytes, kind: str = "mixed") -> bytes:
    head = f"Content-Type: multipart/{kind}; boundary=b-{kind}\r\n\r\n".encode()
    delimiter = f"\r\n--b-{kind}\r\n".encode()
    return head + b"".join(delimiter + content for content in parts) + f"\r\n--b-{kind}--\r\n".encode()


def found(content: bytes, outer: Message | None = None, author: str = ANNE) -> Offered:
    return offered(read_payload(content), outer or Message(), author)


def blocks(content: bytes) -> tuple[bytes, ...]:
    return found(content).blocks


@pytest.mark.parametrize(
    "content",
    [
        part(KEY, "application/pgp-keys"),
        part(KEY, 'application/pgp-keys; name="OpenPGP_0x1234.asc"', "OpenPGP_0x1234.asc", encode=True),
        part(KEY, "text/plain", "anne.asc"),
        part(KEY, "application/octet-stream", "anne", encode=True),
        part(KEY.replace(b"\n", b"\r\n"), "text/plain; charset=iso-8859-1"),
        part(b"Hello,\n\nkey set\n" + KEY + b"-- \nAnne\n"),
        part(b"".join(b"  " + line + b" \n" for line in KEY.split(b"\n")), "text/plain; format=flowed"),
        part(KEY.replace(b"-----BEGIN", b"- -----BEGIN").replace(b"-----END", b"- -----END")),
        part(KEY.decode().encode("utf-16"), "application/octet-stream", "key.asc", encode=True),
        part(KEY.decode().encode("utf-16-be"), "text/plain; charset=utf-16be", encode=True),
        part(b"<p>key set</p><p>" + KEY.replace(b"\n", b"<br>\n") + b"</p>", "text/html"),
        part(b"<pre>" + KEY + b"</pre>", "text/html"),
        mixed(part(KEY), part(b"<pre>" + KEY + b"</pre>", "text/html"), kind="alternative"),
        mixed(part(b"hi"), mixed(part(b"no key"), part(KEY, "application/pgp-keys", encode=True), kind="related")),
        b"Subject: key set\r\n\r\n" + KEY,
    ],
)
def test_one_key(content: bytes) -> None:
    """A key is found as a file or in a text, in any transfer encoding, once, and without what is around it."""
    assert blocks(content) == (KEY,)


def test_signed(mail: SimpleNamespace) -> None:
    """In a signed mail it is found in the signed part; the signature is no key."""
    assert blocks(mail.signed(mixed(part(KEY, "application/pgp-keys"), part(mail.signature)))) == (KEY,)


@pytest.mark.parametrize("name", ["anne.asc", "ANNE.PGP", "a.gpg", "secring.key", "=?utf-8?q?anne=2Egpg?="])
def test_binary(name: str) -> None:
    """A binary file of keys is known by its name and its first octet; its name may be the type's."""
    assert blocks(part(BINARY, "application/octet-stream", name, encode=True)) == (BINARY,)
    assert blocks(part(BINARY, f'application/x-any; name="{name}"', encode=True)) == (BINARY,)
    assert blocks(part(BINARY, "application/octet-stream", name + ".pdf", encode=True)) == ()
    assert blocks(part(b"\x85" + BINARY, "application/octet-stream", name, encode=True)) == ()
    assert blocks(part(b"\x88" + BINARY, "application/octet-stream", name, encode=True)) == ()


@pytest.mark.parametrize("name", ["filename*=utf-8''anne%C3%BC.asc", "filename*0=an; filename*1=ne.asc"])
def test_names_in_pieces(name: str) -> None:
    """A name may come in the ways of RFC 2231."""
    head = f"Content-Type: application/octet-stream\r\nContent-Disposition: attachment; {name}\r\n"
    assert blocks(head.encode() + b"Content-Transfer-Encoding: binary\r\n\r\n" + BINARY) == (BINARY,)


def test_order_and_kinds() -> None:
    """All keys are given, secret ones too, in the order of the mail; whatever a part of the type of keys holds."""
    content = mixed(
        part(OTHER + b"and\n" + KEY),
        part(SECRET, "text/plain", "secret.asc"),
        part(BINARY, "application/pgp-keys", encode=True),
        part(b"nonsense", "application/pgp-keys"),
        part(b" \r\n", "application/pgp-keys"),
    )
    assert blocks(content) == (OTHER, KEY, SECRET, BINARY, b"nonsense")


@pytest.mark.parametrize(
    "content",
    [
        part(b"".join(b"> " + line + b"\n" for line in KEY.split(b"\n"))),
        part(b"".join(b" >" + line + b"\n" for line in KEY.split(b"\n")), "text/plain; format=flowed"),
        part(b"<blockquote><pre>" + KEY + b"</pre></blockquote>", "text/html"),
        part(KEY.replace(b"xjMEZ", b"> xjMEZ")),
        part(KEY.replace(b"xjMEZ", b"<blockquote>xjMEZ</blockquote>").replace(b"\n", b"<br>"), "text/html"),
        part(armored("MESSAGE"), "application/octet-stream", "encrypted.asc"),
        part(armored("SIGNATURE"), "application/pgp-signature", "signature.asc"),
        part(KEY.partition(b"-----END")[0]),
        part(KEY.replace(b"END PGP PUBLIC", b"END PGP PRIVATE")),
        part(b"-----BEGIN PGP PUBLIC KEY BLOCK----- is how a key begins\n"),
        mixed(b"Content-Type: message/rfc822\r\n\r\n" + part(KEY, "application/pgp-keys")),
        part(b"a photograph", "image/png", "key.png", encode=True),
        b"Content-Type: multipart/mixed\r\n\r\n" + KEY,
        b"",
    ],
)
def test_no_key(content: bytes) -> None:
    """What is quoted, forwarded, cut off, or no key, is not what the author offers."""
    assert blocks(content) == ()


def test_too_many_and_too_large() -> None:
    """More keys than anybody has are refused with a sentence; so is a damaged file."""
    assert len(blocks(part(KEY * 10))) == 10
    for content in (part(KEY * 11), mixed(*[part(KEY, "application/pgp-keys")] * 11), part(KEY * 100_000)):
        with pytest.raises(PayloadError, match=r"more than 10 keys\. Send it"):
            found(content)
    large = armored(data="\n".join(["A" * 64] * 35_000))
    assert len(blocks(part(large))) == 1
    with pytest.raises(PayloadError, match=r"too large\. Send it"):
        found(mixed(part(large), part(large, "application/pgp-keys")))
    with pytest.raises(PayloadError, match=r"too large\. Send it"):
        found(part(b"\xc6" * (4 * 1024 * 1024 + 1), "application/pgp-keys", encode=True))
    for kind, name in (("application/pgp-keys", ""), ("application/octet-stream", "key.asc")):
        broken = part(b"", kind, name, encode=True) + b"abcde"
        with pytest.raises(PayloadError, match=r"damaged\. Attach it again"):
            found(broken)
    assert blocks(part(b"", "image/png", "x.png", encode=True) + b"abcde") == ()


def header(value: str, *more: str) -> Message:
    return email.message_from_string("".join(f"Autocrypt: {v}\n" for v in (value, *more)) + "\nx\n")


def inside(*values: str) -> bytes:
    """A payload with these fields of its own."""
    fields = "".join(f"Autocrypt: {value}\n" for value in values)
    return f"Content-Type: text/plain; hp=cipher\n{fields}\nx\n".encode()


DATA = base64.b64encode(BINARY).decode()
GOOD = f"addr={ANNE}; keydata={DATA}"


@pytest.mark.parametrize(
    "value",
    [
        GOOD,
        f"addr={ANNE}; prefer-encrypt=mutual; keydata={DATA}",
        f"prefer-encrypt=nonsense; _odd=1; addr = Anne@Example.COM ; keydata={DATA[:20]}\n {DATA[20:40]}  {DATA[40:]}\n ",
        f"{GOOD};",
    ],
)
def test_autocrypt(value: str) -> None:
    """The header field of the author's program brings a certificate, folded as it may be."""
    assert found(b"x", header(value)).autocrypt == BINARY
    assert found(inside(value)).autocrypt == BINARY


@pytest.mark.parametrize(
    "value",
    [
        GOOD.replace(ANNE, "eve@example.com"),
        f"keydata={DATA}",
        f"addr=; keydata={DATA}",
        f"addr={ANNE}",
        f"addr={ANNE}; keydata=",
        f"addr={ANNE}; critical=1; keydata={DATA}",
        f"addr={ANNE}; odd; keydata={DATA}",
        f"addr={ANNE}; addr={ANNE}; keydata={DATA}",
        f"keydata={DATA}; addr={ANNE}",
        f"{GOOD}; prefer-encrypt=mutual",
        f"addr={ANNE}; keydata={DATA[:-3]}",
        f"addr={ANNE}; keydata=*{DATA}",
        f"addr={ANNE}; keydata=\u00fc{DATA}",
        f"addr=\u212aanne@example.com; keydata={DATA}",
        f"addr={ANNE}; keydata={'QUJD' * 16385}",
        "",
        ";",
    ],
)
def test_no_autocrypt(value: str) -> None:
    """A field that is not valid, or not of the author's address, brings nothing, and hides no valid one."""
    message = email.message_from_bytes(f"Autocrypt: {value}\n\nx\n".encode())
    assert found(b"x", message).autocrypt is None
    both = email.message_from_bytes(f"Autocrypt: {GOOD}\nAutocrypt: {value}\n\nx\n".encode())
    assert found(b"x", both).autocrypt == BINARY
    assert found(inside(value), header(GOOD)).autocrypt == BINARY


def test_no_author() -> None:
    """Without an author there is none whose key it could be."""
    assert found(b"x", header(f"addr=; keydata={DATA}"), author="").autocrypt is None


def test_autocrypt_largest() -> None:
    """A field of 64 KiB is read."""
    assert found(b"x", header(f"addr={ANNE}; keydata={'QUJD' * 16384}")).autocrypt == b"ABC" * 16384


def test_autocrypt_twice() -> None:
    """Of two valid fields none counts; one inside counts before those outside, two inside hide those outside."""
    inner = f"addr={ANNE}; keydata={base64.b64encode(b'inner').decode()}"
    assert found(b"x", header(GOOD, inner)).autocrypt is None
    assert found(inside(inner), header(GOOD)).autocrypt == b"inner"
    assert found(inside(inner, GOOD), header(GOOD)).autocrypt is None
    assert found(inside("nonsense"), header(GOOD)).autocrypt == BINARY


def test_silent() -> None:
    """The repr tells nothing of the keys: a secret one may be among them."""
    assert "xjMEZ" not in repr(found(part(SECRET)))


# Linear work takes some seconds of a slow and busy machine; by the square of these sizes it takes hours.
HANGS = 60


@pytest.mark.parametrize(
    "content",
    [
        part(b"-----BEGIN PGP PUBLIC KEY BLOCK-----\n" * 100_000),
        part(b"-----BEGIN PGP PUBLIC KEY BLOCK-----\n-----END PGP PRIVATE KEY BLOCK-----\n" * 50_000),
        part(b"-----BEGIN PGP PUBLIC KEY BLOCK-----\n" + b"> \n" * 1_000_000),
        part(b"-----BEGIN PGP " + b"P" * 4_000_000),
        part(b"<div>" * 100_000 + b"-----BEGIN PGP PUBLIC KEY BLOCK-----<br>" * 5000, "text/html"),
        mixed(*[part(b"-----BEGIN PGP PUBLIC KEY BLOCK-----<a <a" * 1000, "text/html")] * 900),
        b"Content-Type: application/x; " + b"name=.asx;" * 800 + b"\r\n\r\n",
        mixed(*[b"Content-Disposition: a; " + b"filename=a;" * 700 + b"\r\n\r\n"] * 900),
        b"MIME-Version: 1.0\r\nAutocrypt: " + b"addr=a;" * 30_000 + b"\r\n\r\n",
        b"MIME-Version: 1.0\r\nAutocrypt: addr=anne@example.com;keydata=" + b"= " * 100_000 + b"\r\n\r\n",
    ],
    ids=range(10),
)
def test_time_is_bounded(content: bytes) -> None:
    """What costs most to look through does not hang who looks through it."""
    payload = read_payload(content)
    start = time.process_time()
    assert offered(payload, Message(), ANNE) == Offered((), None)
    assert time.process_time() - start < HANGS


NAMES = (b"Content-Type", b"Content-Transfer-Encoding", b"Content-Disposition", b"Autocrypt")
VALUES = (b"application/pgp-keys", b"text/html", b"base64", b"attachment; filename*0=x.asc", b"charset=utf-16")
MARKS = (b"\r\n", b"\n", b"--b\r\n", b"--b--", b": ", b"> ", b"=", b";", b"<br>")
DRAWN = st.sampled_from([*NAMES, *VALUES, *MARKS, KEY, SECRET, BINARY, GOOD.encode()])


@given(st.lists(st.one_of(DRAWN, st.binary(max_size=10)), max_size=30).map(b"".join))
def test_only_payload_errors(body: bytes) -> None:
    """Whatever a mail holds, its keys are found or refused."""
    content = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n" + body
    for source in (content, body):
        try:
            result = found(source, email.message_from_bytes(source))
        except PayloadError:
            continue
        assert all(result.blocks)
        assert len(result.blocks) <= 10
