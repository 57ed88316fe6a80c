"""Reading and writing ASCII armor."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import pysequoia
import pytest
from hypothesis import given
from hypothesis import strategies as st
from others import run

from mailman_pgp.openpgp.armor import MESSAGE, PRIVATE_KEY, PUBLIC_KEY, SIGNATURE, armor, dearmor, dearmor_all
from mailman_pgp.openpgp.errors import PacketError
from mailman_pgp.openpgp.packets import packet

if TYPE_CHECKING:
    from others import Gpg


kinds = st.sampled_from([MESSAGE, SIGNATURE, PUBLIC_KEY, PRIVATE_KEY])
line_ends = st.sampled_from([b"\n", b"\r\n"])


def block(kind: bytes, *lines: bytes, end: bytes = b"\n") -> bytes:
    """A block of these lines between its markers."""
    return end.join([b"-----BEGIN %b-----" % kind, *lines, b"-----END %b-----" % kind, b""])


@given(st.binary(max_size=500), kinds)
def test_what_was_armored_is_read_again(data: bytes, kind: str) -> None:
    """Armor keeps content and kind."""
    text = armor(data, kind)
    assert dearmor_all(text) == [(kind, data)]
    assert dearmor(text, kinds={kind}) == data


@given(
    st.binary(min_size=1, max_size=300),
    line_ends,
    st.integers(1, 19).map(lambda quads: quads * 4),
    st.sampled_from([b"", b"=AAAA", b"=nope"]),
    st.lists(st.sampled_from([b"Comment: text", b"Version: GnuPG v2", b"Charset: UTF-8", b"Comment:"]), max_size=3),
    st.sampled_from([b"", b"\n", b"Hello,\nhere is my key:\n\n", b"> quoted\n", b"\xef\xbb\xbf"]),
    st.sampled_from([b"", b"  ", b"\t"]),
)
def test_every_usual_form_is_read(
    data: bytes, end: bytes, columns: int, checksum: bytes, headers: list[bytes], before: bytes, indent: bytes
) -> None:
    """With or without headers, a right or wrong or no checksum, text around, indentation, and a byte order mark."""
    text = base64.b64encode(data)
    lines = [text[start : start + columns] for start in range(0, len(text), columns)]
    inside = [*headers, b"", *lines, *([checksum] if checksum else [])]
    armored = block(b"PGP MESSAGE", *inside, end=end)
    armored = b"".join(indent + line for line in armored.splitlines(keepends=True))
    assert dearmor(before + armored + b"\r\nregards\n") == data


@given(
    st.binary(min_size=1, max_size=300),
    st.integers(1, 80),
    st.sampled_from([b"\n", b"\r\n", b" \n", b"\t \r\n", b"\n\n", b"\r\r\n"]),
    st.booleans(),
)
def test_what_mail_servers_wrap_anew_is_read(data: bytes, columns: int, end: bytes, joined: bool) -> None:  # noqa: FBT001 - drawn
    """Lines of any length, blanks at their ends, a line end more; also where the checksum was joined with what it is of."""
    text = base64.b64encode(data) + (b"" if joined else b"\n") + b"=AAAA"
    lines = [line[at : at + columns] for line in text.split(b"\n") for at in range(0, len(line), columns)]
    assert dearmor(block(b"PGP MESSAGE", b"", *lines, end=end)) == data


@given(st.binary(max_size=1500))
def test_hostile_bytes_raise_nothing_else(noise: bytes) -> None:
    """Whatever the bytes, there is binary content or PacketError."""
    for text in (noise, b"x" + noise, block(b"PGP MESSAGE", noise), block(b"PGP MESSAGE", b"", noise)):
        for read in (dearmor, dearmor_all):
            try:
                read(text)
            except PacketError:
                continue


@given(st.text(alphabet="-BEGINDPM SA\n\r:=Aa+/ ", max_size=400))
def test_hostile_text_raises_nothing_else(noise: str) -> None:
    """The same for text made of what armor is made of."""
    for text in (noise, f"-----BEGIN PGP MESSAGE-----\n{noise}\n-----END PGP MESSAGE-----\n"):
        try:
            dearmor_all(text.encode())
        except PacketError:
            continue


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "text",
    [
        b"\n" * 4_000_000,
        b" " * 4_000_000,
        b"-" * 4_000_000,
        b"-----BEGIN PGP " * 300_000,
        b"-----BEGIN PGP MESSAGE-----" + b" " * 4_000_000,
        b"-----BEGIN PGP MESSAGE-----\n" * 150_000,
        block(b"PGP MESSAGE") * 75_000,
        block(b"PGP MESSAGE", *[b"a: b"] * 800_000),
        block(b"PGP MESSAGE", *[b""] * 4_000_000),
        block(b"PGP MESSAGE", b"=" * 4_000_000),
        block(b"PGP MESSAGE", b"", *[b"=AAAA"] * 800_000),
        block(b"PGP MESSAGE", b"", *[b"A"] * 2_000_000),
    ],
    ids=range(12),
)
def test_megabytes_of_hostile_text_are_done_with(text: bytes) -> None:
    """Texts that would take hours, were any of the work more than linear, are read or refused at once."""
    for read in (dearmor, dearmor_all):
        try:
            read(text)
        except PacketError:
            continue


def test_binary_data_passes_through() -> None:
    """What begins as a packet is not looked at as text, even where armor is in it."""
    data = packet(11, armor(b"inner", MESSAGE))
    assert dearmor(data) == data


def test_only_the_wanted_kinds_count() -> None:
    """A block of another kind is text like any other, but among the wanted ones there must be one alone."""
    key, message = armor(b"key", PUBLIC_KEY), armor(b"message", MESSAGE)
    assert dearmor(key + b"and\n" + message, kinds={MESSAGE}) == b"message"
    assert dearmor_all(key + message) == [(PUBLIC_KEY, b"key"), (MESSAGE, b"message")]
    with pytest.raises(PacketError, match="more than one"):
        dearmor(key + message)
    with pytest.raises(PacketError, match="no OpenPGP data"):
        dearmor(key, kinds={MESSAGE})
    assert dearmor_all(b"no armor at all") == []


def test_cleartext_signatures_do_not_confuse() -> None:
    """The text of a cleartext signature is text; its signature is a block."""
    signed = b"-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\ntext\n" + armor(b"sig", SIGNATURE)
    assert dearmor_all(signed) == [(SIGNATURE, b"sig")]


@pytest.mark.parametrize(
    "text",
    [
        b"-----BEGIN PGP MESSAGE-----\n\nAAAA\n",
        b"-----END PGP MESSAGE-----\n",
        b"-----BEGIN PGP MESSAGE-----\n\nAAAA\n-----END PGP SIGNATURE-----\n",
        b"-----BEGIN PGP MESSAGE-----\n-----BEGIN PGP MESSAGE-----\n\nAAAA\n-----END PGP MESSAGE-----\n",
        block(b"PGP MESSAGE", b"", b"AAA"),
        block(b"PGP MESSAGE", b"", b"AA==AAAA"),
        block(b"PGP MESSAGE", b"", b"AA!A"),
        b"",
    ],
)
def test_broken_blocks_are_refused(text: bytes) -> None:
    """Cut off, badly nested, and damaged blocks, and nothing at all."""
    with pytest.raises(PacketError):
        dearmor(text)


def test_lines_are_as_everybody_writes_them() -> None:
    """64 columns, ended by LF, a blank line before and the checksum behind."""
    lines = armor(bytes(100), MESSAGE).split(b"\n")
    assert lines[:2] == [b"-----BEGIN PGP MESSAGE-----", b""]
    assert [len(line) for line in lines[2:-3]] == [64, 64, 8]
    assert lines[-3].startswith(b"=")
    assert lines[-2:] == [b"-----END PGP MESSAGE-----", b""]


def test_the_checksum_is_the_published_one() -> None:
    """CRC-24/OPENPGP of "123456789" is 21CF02."""
    assert base64.b64encode(bytes.fromhex("21cf02")) in armor(b"123456789", MESSAGE)


def test_current_objects_have_no_checksum() -> None:
    """RFC 9580 §6.1 forbids it for version 6, and for messages with SEIPDv2."""
    tsk = pysequoia.Tsk.generate("anne@example.com", profile=pysequoia.Profile.RFC9580)
    key = bytes(tsk.extract_certificate())
    message = pysequoia.encrypt(b"", [tsk.extract_certificate()], armor=False)
    for data in (key, message):
        lines = armor(data, MESSAGE).splitlines()
        assert not lines[-2].startswith(b"=")


@pytest.mark.peer
@pytest.mark.parametrize("length", range(3))
def test_gpg_reads_our_armor_without_complaint(gpg: Gpg, length: int) -> None:
    """Also where the base64 ends without padding, where gpg 2.2 needs a checksum to find its end."""
    data = packet(11, b"b\0\0\0\0\0" + b"x" * length)
    done = gpg("--verbose", "--list-packets", data=armor(data, MESSAGE))
    assert b"radix64" not in done.stderr
    assert run([gpg.program, "--dearmor"], armor(data, MESSAGE)).stdout == data
