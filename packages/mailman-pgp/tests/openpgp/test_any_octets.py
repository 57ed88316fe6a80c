"""Every reader of packets that is our own: whatever octets come, there is an answer or the error that is named."""

from __future__ import annotations

import io
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from keys import forge_usable, packet
from messages import literal, message, session_key

from mailman_pgp.openpgp import frames, gathering, key_packets, passphrases, subpackets
from mailman_pgp.openpgp.armor import armor
from mailman_pgp.openpgp.envelopes import read_envelope
from mailman_pgp.openpgp.errors import CertificateError, CertificateProblem, OpeningError, PacketError
from mailman_pgp.openpgp.features import announces_seipd2
from mailman_pgp.openpgp.packets import Tag, walk

ANNE = forge_usable("Anne <anne@example.com>")
SEEDS = [
    ANNE.public,
    ANNE.secret,
    message(ANNE, literal(b"x")),
    session_key(ANNE),
    packet(2, b"\4\0\x16\x0a\0\0\0\0"),
    packet(10, b"PGP"),
]


@st.composite
def octets(draw: st.DrawFn) -> bytes:
    """Packets, put together, cut and changed."""
    data = bytearray(b"".join(draw(st.lists(st.one_of(st.sampled_from(SEEDS), st.binary(max_size=40)), max_size=3))))
    for _ in range(draw(st.integers(0, 4))):
        if data:
            at = draw(st.integers(0, len(data) - 1))
            data[at : at + draw(st.integers(0, 3))] = draw(st.binary(max_size=3))
    return bytes(data)


@given(octets())
def test_keys(data: bytes) -> None:
    """Certificates and secret keys, one or many."""
    key_packets.holds_secret(data)
    try:
        blocks = key_packets.split(data)
        parts = key_packets.sort(data)
    except (PacketError, RuntimeError):  # the latter is the library's, of packets that it can't read
        return
    assert blocks
    assert parts.keys
    announces_seipd2(parts, datetime(2026, 11, 1))  # noqa: DTZ001 - as everywhere here


@given(octets(), st.booleans())
def test_keyrings(data: bytes, armored: bool) -> None:  # noqa: FBT001 - Hypothesis' way
    """What is taken apart was there, holds no secret, and begins with a key; all else is counted as damaged, or refused."""
    if armored:
        data = armor(data, "PGP PUBLIC KEY BLOCK").replace(b"=", b"-", data.count(b"x"))
    problem, keys, damaged = None, [], 0
    try:
        keys, damaged = gathering.divided(data)
    except CertificateError as error:
        problem = error.problem
    assert bool(keys or damaged) == (problem is None)
    assert problem in {None, CertificateProblem.SECRET_KEY, CertificateProblem.NO_KEY}
    assert sum(map(len, keys)) <= len(data)
    for key in keys:
        assert not key_packets.holds_secret(key)
        assert next(walk(key)).tag == Tag.PUBLIC_KEY


@given(octets())
def test_backups(data: bytes) -> None:
    """What somebody takes for a backup is opened by a passphrase, or is none."""
    with pytest.raises(OpeningError):
        passphrases.opened_by_passphrase(data, "a passphrase of some length")


@given(octets())
def test_envelopes(data: bytes) -> None:
    """Session keys and encrypted data."""
    try:
        envelope = read_envelope(data, pkesks=5, wildcards=2)
    except OpeningError:
        return
    assert envelope.data in data


@given(st.one_of(st.binary(max_size=80), st.binary(max_size=60).map(lambda data: b"\4\0\x16\x0a" + data)))
def test_signatures(body: bytes) -> None:
    """Signature packets, and the areas and subpackets in them."""
    for read in (subpackets.subpackets, subpackets.hashed_subpackets, subpackets.intended_recipients):
        try:
            assert all(found is not None for found in read(body))
        except PacketError:
            continue
    try:
        areas = subpackets.Areas.of(body)
    except PacketError:
        return
    assert areas.body == body


@given(
    st.one_of(
        st.binary(max_size=80),
        st.text(max_size=60).map(lambda text: len(text.encode()).to_bytes(4, "big") + text.encode()),
    )
)
def test_frames(data: bytes) -> None:
    """What a worker that was taken over may write."""
    stream = io.BytesIO(data)

    def read(count: int) -> bytes:
        piece = stream.read(count)
        if len(piece) != count:
            raise EOFError
        return piece

    try:
        header, blobs = frames.decode(read, max_blob_bytes=10)
    except (frames.FrameError, EOFError):
        return
    assert isinstance(header, dict)
    assert sum(map(len, blobs)) <= 10


@given(
    st.dictionaries(st.text(max_size=5), st.one_of(st.integers(), st.text(max_size=5))),
    st.lists(st.binary(max_size=9), max_size=3),
)
def test_frames_are_read_as_written(header: dict[str, object], blobs: list[bytes]) -> None:
    """Whatever is in them."""
    header.pop("blobs", None)
    stream = io.BytesIO(b"".join(frames.encode(header, blobs)))
    assert frames.decode(stream.read, max_blob_bytes=100) == (header, blobs)
    with pytest.raises(frames.FrameError):
        frames.decode(io.BytesIO(b"".join(frames.encode({}, [b"x" * 101]))).read, max_blob_bytes=100)
