"""Walking sequences of OpenPGP packets."""

from __future__ import annotations

from typing import SupportsIndex

import pysequoia
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailman_pgp.openpgp.errors import PacketError
from mailman_pgp.openpgp.packets import Packet, Tag, encoded_length, packet, pkesk_recipient, walk

STREAMABLE = (8, 9, 11, 18, 20)

tags = st.integers(1, 63)
legacy_tags = st.integers(1, 15)
bodies = st.one_of(st.binary(max_size=300), st.binary(min_size=150, max_size=250), st.just(bytes(9000)))


def legacy(tag: int, body: bytes, length_type: int) -> bytes:
    """A packet in the legacy format, with a length of one, two or four octets."""
    return bytes([0x80 | tag << 2 | length_type]) + len(body).to_bytes(1 << length_type, "big") + body


def five_octets(tag: int, body: bytes) -> bytes:
    """A packet in the current format with the longest form of its length."""
    return bytes([0xC0 | tag, 0xFF]) + len(body).to_bytes(4, "big") + body


def streamed(tag: int, chunks: list[bytes], last: bytes) -> bytes:
    """A packet in partial lengths; each chunk's size is a power of two."""
    parts = [bytes([0xC0 | tag])]
    for chunk in chunks:
        parts += [bytes([0xE0 | len(chunk).bit_length() - 1]), chunk]
    return b"".join([*parts, encoded_length(len(last)), last])


@st.composite
def written(draw: st.DrawFn) -> tuple[int, bytes, bytes]:
    """Type and body of a packet, and one way to write it."""
    body = draw(bodies)
    match draw(st.sampled_from(["shortest", "five", "legacy", "streamed"])):
        case "shortest":
            tag = draw(tags)
            return tag, body, packet(tag, body)
        case "five":
            tag = draw(tags)
            return tag, body, five_octets(tag, body)
        case "legacy":
            tag = draw(legacy_tags)
            fitting = [kind for kind in (0, 1, 2) if len(body) < 256 ** (1 << kind)]
            return tag, body, legacy(tag, body, draw(st.sampled_from(fitting)))
        case _:
            tag = draw(st.sampled_from(STREAMABLE))
            sizes = [
                draw(st.sampled_from([512, 1024])),
                *draw(st.lists(st.sampled_from([1, 2, 64, 512, 4096]), max_size=5)),
            ]
            chunks = [draw(st.binary(min_size=1, max_size=1)) * size for size in sizes]
            return tag, b"".join(chunks) + body, streamed(tag, chunks, body)


@given(st.lists(written(), max_size=6))
def test_every_way_to_write_packets_is_read(packets: list[tuple[int, bytes, bytes]]) -> None:
    """Types and bodies come out as they went in, and each packet's place is where it was written."""
    data = b"".join(raw for _tag, _body, raw in packets)
    found = list(walk(data))
    assert [(one.tag, one.body) for one in found] == [(tag, body) for tag, body, _raw in packets]
    assert [data[one.start : one.end] for one in found] == [raw for _tag, _body, raw in packets]


@given(st.lists(written(), min_size=1, max_size=3), st.data())
def test_what_is_cut_off_is_refused(packets: list[tuple[int, bytes, bytes]], data: st.DataObject) -> None:
    """Without its last octets no packet is taken for a whole one."""
    last = packets[-1][2]
    whole = b"".join(raw for _tag, _body, raw in packets)
    cut = data.draw(st.integers(1, len(last) - 1))
    with pytest.raises(PacketError):
        list(walk(whole[: len(whole) - cut]))


@given(st.binary(max_size=2000).map(lambda noise: bytes([noise[0] | 0x80]) + noise[1:] if noise else noise))
def test_hostile_bytes_raise_nothing_else(noise: bytes) -> None:
    """Whatever the bytes, packets are yielded without gaps, or PacketError is raised."""
    position = 0
    try:
        for found in walk(noise):
            assert found.start == position < found.end <= len(noise)
            assert len(found.body) < found.end - found.start
            position = found.end
            pkesk_recipient(found)
    except PacketError:
        return
    assert position == len(noise)


@given(st.binary(min_size=1, max_size=200))
def test_recipients_of_hostile_session_keys_raise_nothing_else(body: bytes) -> None:
    """A session key packet of any content has a recipient in hexadecimal, or PacketError is raised."""
    try:
        recipient = pkesk_recipient(Packet(Tag.PKESK, body, 0, 0))
    except PacketError:
        return
    assert len(recipient) in {0, 16, 40, 64}
    assert set(recipient) <= set("0123456789ABCDEF")


class Counted(bytes):
    """Bytes that count how many of them were copied out."""

    copied = 0

    def __getitem__(self, key: SupportsIndex | slice) -> int | bytes:  # type: ignore[override] # both in one
        found = super().__getitem__(key)
        self.copied += 1 if isinstance(found, int) else len(found)
        return found


@pytest.mark.parametrize(
    "data",
    [
        packet(60, b"") * 50_000,
        streamed(18, [bytes(512)] * 2000, b"") * 3,
        streamed(18, [bytes(512), *[b"x"] * 1000], b"") * 50,
        packet(18, bytes(1_000_000)),
    ],
    ids=["empty packets", "many chunks", "small chunks", "one packet"],
)
def test_the_work_is_linear(data: bytes) -> None:
    """No octet is looked at more than a few times, whatever the pieces it comes in."""
    counted = Counted(data)
    for _ in walk(counted):
        pass
    assert counted.copied <= 4 * len(data)


def test_one_octet_chunks_are_refused() -> None:
    """A packet in a million pieces is refused after the first thousand."""
    data = Counted(streamed(18, [bytes(512), *[b"x"] * 1_000_000], b""))
    with pytest.raises(PacketError, match="small pieces"):
        list(walk(data))
    assert data.copied < 10_000


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (bytes([0x80 | 11 << 2 | 3]) + b"text", "without a length"),
        (streamed(Tag.PKESK, [bytes(512)], b""), "may not have one"),
        (streamed(Tag.PUBLIC_KEY, [bytes(512)], b""), "may not have one"),
        (streamed(Tag.SEIPD, [bytes(256)], b""), "small pieces"),
        (packet(0, b"text"), "reserved"),
        (b"text", "not OpenPGP"),
        (packet(11, b"text") + b"text", "not OpenPGP"),
        (bytes([0xD2, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]), "cut off"),
        (b"\xd2", "cut off"),
    ],
)
def test_what_no_sequence_has_is_refused(data: bytes, reason: str) -> None:
    """Indeterminate lengths, partial lengths where they may not be, the reserved type, and what is no packet."""
    with pytest.raises(PacketError, match=reason):
        list(walk(data))


def test_packets_before_what_is_wrong_are_yielded() -> None:
    """The walk is lazy: a caller that wants the first packets only does not pay for the rest."""
    packets = walk(packet(1, b"one") + b"\0")
    assert next(packets).body == b"one"
    with pytest.raises(PacketError):
        next(packets)


def test_too_many_packets_are_refused() -> None:
    """As many as the limit are yielded, and one more is an error."""
    data = packet(1, b"") * 3
    assert len(list(walk(data, limit=3))) == 3
    packets = walk(data, limit=2)
    assert [next(packets), next(packets)]
    with pytest.raises(PacketError, match="more than 2"):
        next(packets)


def test_nothing_is_decompressed() -> None:
    """A compressed packet is one packet, however much is in it."""
    (found,) = walk(packet(Tag.COMPRESSED, b"\x02" + b"anything"))
    assert found.body == b"\x02anything"


def test_a_packet_shows_no_content() -> None:
    """The representation of a packet does not hold its body."""
    (found,) = walk(packet(Tag.LITERAL, b"canary"))
    assert "canary" not in repr(found)


@pytest.mark.parametrize(
    ("body", "recipient"),
    [
        (b"\x03" + bytes.fromhex("0123456789abcdef") + b"\x12", "0123456789ABCDEF"),
        (b"\x03" + bytes(8) + b"\x12", "0" * 16),
        (b"\x06\x15\x04" + bytes(range(20)) + b"\x19", bytes(range(20)).hex().upper()),
        (b"\x06\x21\x06" + bytes(range(32)) + b"\x19", bytes(range(32)).hex().upper()),
        (b"\x06\x00\x19", ""),
    ],
    ids=["version 3", "wildcard", "version 6 for version 4", "version 6 for version 6", "anonymous"],
)
def test_recipients_are_read(body: bytes, recipient: str) -> None:
    """Key IDs of version 3, fingerprints of version 6, and both kinds of nobody."""
    assert pkesk_recipient(Packet(Tag.PKESK, body, 0, 0)) == recipient


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\x02" + bytes(8),
        b"\x03short",
        b"\x06",
        b"\x06\x15\x04short",
        b"\x06\x15\x06" + bytes(20),
        b"\x06\x01\x04",
    ],
)
def test_strange_session_keys_are_refused(body: bytes) -> None:
    """Unknown versions, cut-off ones, and fingerprints that do not fit their version."""
    with pytest.raises(PacketError):
        pkesk_recipient(Packet(Tag.PKESK, body, 0, 0))


def test_other_packets_have_no_recipient() -> None:
    """Only session keys have recipients."""
    with pytest.raises(PacketError):
        pkesk_recipient(Packet(Tag.SEIPD, b"\x03" + bytes(8), 0, 0))


@pytest.mark.parametrize(
    ("profile", "length", "version"), [(pysequoia.Profile.RFC4880, 40, 2), (pysequoia.Profile.RFC9580, 64, 2)]
)
def test_messages_of_the_library_are_walked(profile: pysequoia.Profile, length: int, version: int) -> None:
    """A message of two megabytes is a session key and one packet in partial lengths."""
    tsk = pysequoia.Tsk.generate("anne@example.com", profile=profile)
    message = pysequoia.encrypt(bytes(2_000_000), [tsk.extract_certificate()], armor=False)
    first, second = walk(message)
    assert (first.tag, second.tag, second.body[0]) == (Tag.PKESK, Tag.SEIPD, version)
    assert len(pkesk_recipient(first)) == length
    assert second.end == len(message)
    assert len(second.body) > 2_000_000
