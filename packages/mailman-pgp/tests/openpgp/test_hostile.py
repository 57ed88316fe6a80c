"""Input made to do harm: it costs little, and each kind has its named answer."""

from __future__ import annotations

import functools
import os
from pathlib import Path

import pysequoia
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keys import Key, forge_usable, now, packet
from messages import (
    bomb,
    compressed,
    encrypted,
    literal,
    made_by,
    message,
    one_pass,
    session_key,
    signed,
)

from mailman_pgp import openpgp
from mailman_pgp.openpgp import Limits, OpeningError, OpeningProblem, workshop

LIST = forge_usable("Ants <ants@example.com>")
ANNE = forge_usable("Anne <anne@example.com>")
MIB = 1 << 20


def refusal(data: bytes, *, limits: Limits = openpgp.DEFAULT, secret: bytes = LIST.secret) -> OpeningProblem:
    """The problem for which a message is not opened."""
    with pytest.raises(OpeningError) as caught:
        openpgp.open_message(data, [secret], [ANNE.public], limits=limits)
    return caught.value.problem


def peak_memory() -> int:
    """The most memory that the worker has ever had resident, in octets."""
    status = Path(f"/proc/{workshop._default.pid}/status").read_text()
    (line,) = (line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024


# Bombs


def test_a_bomb_does_not_go_off() -> None:
    """Two kilobytes that grow to a gigabyte are refused, with a fraction of that in memory."""
    data = message(LIST, bomb(1000 * MIB))
    assert len(data) < 5000
    workshop._default.close()
    assert refusal(data) is OpeningProblem.TOO_LARGE
    if workshop._default.pid is not None:
        assert peak_memory() < 400 * MIB
    assert openpgp.open_message(message(LIST, literal(b"x")), [LIST.secret], []).content == b"x"


def test_a_bomb_for_an_expired_key_does_not_go_off() -> None:
    """Where rPGP is alone: it aborts its process, and that is told as well."""
    expired = forge_usable("Ants <ants@example.com>", lifetime=86400)
    assert refusal(message(expired, bomb(1000 * MIB)), secret=expired.secret) is OpeningProblem.TOO_LARGE
    assert openpgp.open_message(message(expired, literal(b"x")), [expired.secret], []).content == b"x"


def test_content_may_be_ten_times_its_message_but_not_beyond_the_limit() -> None:
    """Text compresses well, and that is no attack."""
    text = b"The bridge is up.\r\n" * 500_000
    data = message(LIST, compressed(literal(text)))
    assert openpgp.open_message(data, [LIST.secret], []).content == text
    assert refusal(data, limits=Limits(content_bytes=len(text) - 1)) is OpeningProblem.TOO_LARGE


def test_the_memory_limit_holds() -> None:
    """It is one number for the operator, whatever the message."""
    data = message(LIST, literal(os.urandom(8 * MIB)))
    assert len(openpgp.open_message(data, [LIST.secret], []).content) == 8 * MIB
    assert refusal(data, limits=Limits(memory_bytes=8 * MIB)) is OpeningProblem.TOO_LARGE


@pytest.mark.deep
def test_compression_nested_without_end_costs_one_worker_at_most() -> None:
    """Each level costs a library a stack frame; where it has no more, the message is refused, and the next one opened."""
    deep = functools.reduce(lambda inner, _: compressed(inner), range(10_000), literal(b"x"))
    assert refusal(message(LIST, deep)) in {OpeningProblem.TOO_LARGE, OpeningProblem.WORKER_DIED}
    assert openpgp.open_message(message(LIST, literal(b"x")), [LIST.secret], []).content == b"x"


# Size


def test_100_megabytes_of_junk_are_refused_unread() -> None:
    """They do not even reach the worker."""
    workshop._default.close()
    assert refusal(os.urandom(MIB) * 100) is OpeningProblem.TOO_LARGE
    assert workshop._default.pid is None


@pytest.mark.parametrize("unit", [b"\0", b"\xff", b"\xc1\0", b"-----BEGIN PGP MESSAGE-----\n", b"=\n", b"A"])
def test_megabytes_of_junk_hang_nothing(unit: bytes) -> None:
    """Whatever shape it has, nothing takes time beyond measure: a minute is for slow machines."""
    assert refusal(unit * (8 * MIB // len(unit)), limits=Limits(seconds=60)) in {
        OpeningProblem.NOT_OPENPGP,
        OpeningProblem.DAMAGED,
        OpeningProblem.TOO_MANY_KEYS,
        OpeningProblem.NO_INTEGRITY,
    }


def test_a_large_message_is_opened() -> None:
    """Thirty megabytes, the largest post by default."""
    content = os.urandom(30 * MIB)
    data = pysequoia.encrypt(content, [pysequoia.Cert.from_bytes(LIST.public)])
    assert openpgp.open_message(data, [LIST.secret], []).content == content


# Numbers


def test_a_thousand_session_keys_are_too_many() -> None:
    """For whomever they are; a library would try them all."""
    rest = message(LIST, literal(b"x"))
    for other in (session_key(ANNE), session_key(LIST), packet(1, b"\x09"), packet(3, b"\4")):
        assert refusal(other * 1000 + rest) is OpeningProblem.TOO_MANY_KEYS


def test_a_hundred_recipients_are_not_too_many() -> None:
    """People write to many at once."""
    data = session_key(ANNE) * 100 + message(LIST, literal(b"x"))
    assert openpgp.open_message(data, [LIST.secret], []).content == b"x"


def test_many_anonymous_recipients_are_too_many() -> None:
    """Each of them must be tried with each of our keys."""
    anonymous, ours = session_key(ANNE, anonymous=True), session_key(LIST, anonymous=True)
    inner = encrypted(literal(b"x"))
    limit = Limits().wildcard_pkesks
    assert openpgp.open_message(anonymous * (limit - 1) + ours + inner, [LIST.secret], []).content == b"x"
    assert refusal(anonymous * limit + ours + inner) is OpeningProblem.TOO_MANY_KEYS


def test_many_session_keys_for_the_same_key_are_too_many() -> None:
    """Forty false ones before the true one."""
    good = session_key(LIST)
    bad = good[:-1] + bytes([good[-1] ^ 1])
    assert refusal(bad * 40 + good + encrypted(literal(b"x"))) is OpeningProblem.TOO_MANY_KEYS
    assert openpgp.open_message(bad + good + encrypted(literal(b"x")), [LIST.secret], []).content == b"x"


def test_a_thousand_signatures_are_refused() -> None:
    """Each would cost a verification."""
    inner = one_pass(ANNE.primary, last=False) * 999 + signed(b"x", ANNE.primary)
    inner += made_by(ANNE.primary, b"x") * 999
    assert refusal(message(LIST, inner)) in {OpeningProblem.STRUCTURE, OpeningProblem.DAMAGED}


# Anything; `make fuzz` goes on from here


_WHOLE = message(LIST, signed(b"The bridge is up.", ANNE.primary))
_HEAD = len(session_key(LIST))


@settings(max_examples=60)
@given(st.integers(0, len(_WHOLE) - 1), st.integers(1, 255))
def test_no_octet_of_a_message_can_be_changed_unnoticed(position: int, change: int) -> None:
    """Either the message is refused, or what comes out is what went in (some octets are names, not content)."""
    changed = _WHOLE[:position] + bytes([_WHOLE[position] ^ change]) + _WHOLE[position + 1 :]
    try:
        found = openpgp.open_message(changed, [LIST.secret], [ANNE.public])
    except OpeningError as error:
        assert error.problem is not OpeningProblem.WORKER_DIED  # noqa: PT017 - both ways are right
    else:
        assert position < _HEAD
        assert found.content == b"The bridge is up."
        assert found.signatures[0].good


@settings(max_examples=40)
@given(st.integers(0, len(_WHOLE) - 1))
def test_no_message_can_be_cut_off_unnoticed(end: int) -> None:
    """Wherever it ends."""
    assert refusal(_WHOLE[:end]) is not OpeningProblem.WORKER_DIED


@settings(max_examples=60)
@given(st.binary(max_size=300))
def test_any_octets_inside_a_message_are_harmless(inner: bytes) -> None:
    """Who may write to a list can put anything into the encryption: it is opened or refused, and the worker lives."""
    try:
        openpgp.open_message(message(LIST, inner), [LIST.secret], [ANNE.public])
    except OpeningError as error:
        assert error.problem is not OpeningProblem.WORKER_DIED  # noqa: PT017 - both ways are right


_PARTS = st.sampled_from(
    [
        literal(b"one"),
        literal(b"two", b"t"),
        one_pass(ANNE.primary),
        one_pass(ANNE.primary, last=False),
        made_by(ANNE.primary, b"one"),
        made_by(Key.signing(now()), b"one"),
        packet(10, b"PGP"),
        packet(21, b"x"),
        packet(63, b"x"),
        _WHOLE,
    ]
)


@settings(max_examples=80)
@given(st.lists(st.one_of(_PARTS, st.lists(_PARTS, max_size=4).map(b"".join).map(compressed)), max_size=6))
def test_any_packets_inside_a_message_give_one_content_or_none(parts: list[bytes]) -> None:
    """And a signature counts for that content only."""
    try:
        found = openpgp.open_message(message(LIST, b"".join(parts)), [LIST.secret], [ANNE.public])
    except OpeningError as error:
        assert error.problem in {OpeningProblem.STRUCTURE, OpeningProblem.DAMAGED}  # noqa: PT017 - as above
    else:
        assert found.content in {b"one", b"two"}
        assert found.content == b"one" or not any(one.good for one in found.signatures)


_CERTIFICATE = ANNE.public


@settings(max_examples=80)
@given(st.integers(0, len(_CERTIFICATE) - 1), st.integers(1, 255))
def test_a_changed_certificate_gives_no_identity_to_anybody(position: int, change: int) -> None:
    """A certificate with one octet changed is refused, or is not another one, or has no other address."""
    changed = _CERTIFICATE[:position] + bytes([_CERTIFICATE[position] ^ change]) + _CERTIFICATE[position + 1 :]
    try:
        found = openpgp.read_certificates(changed)
    except openpgp.CertificateError:
        return
    for one in found:
        assert one.addresses <= {"anne@example.com"}
        if one.usability.usable:
            assert one.usability.recipients == (ANNE.subkeys[0].key.key_id,)


@settings(max_examples=80)
@given(st.binary(max_size=300).map(lambda data: b"\x99" + data))
def test_any_octets_as_a_certificate_are_refused(data: bytes) -> None:
    """With a reason, and the worker lives."""
    with pytest.raises(openpgp.CertificateError):
        openpgp.read_certificates(data)
