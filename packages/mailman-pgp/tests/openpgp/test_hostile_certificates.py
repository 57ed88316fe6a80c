"""Certificates that are made to cost time and memory: each is refused, or left without its junk, soon and with a sentence."""

from __future__ import annotations

import os
import zlib
from typing import TYPE_CHECKING, Any

import pytest
from certificates import ANNE
from keys import DAY, ENCRYPT, POSITIVE, SIGN, USER_ID, Forged, Key, certified, forge_usable, now, packet, signature

from mailman_pgp import openpgp
from mailman_pgp.openpgp import CertificateError, CertificateProblem
from mailman_pgp.openpgp.packets import Tag
from mailman_pgp.sandbox import processes

if TYPE_CHECKING:
    from collections.abc import Callable

_SECONDS = 5.0  # of work, by this process and those that parse for it; a quarter of one is enough
TOO_LARGE, TOO_MANY_PARTS, BROKEN = (
    CertificateProblem.TOO_LARGE,
    CertificateProblem.TOO_MANY_PARTS,
    CertificateProblem.BROKEN,
)


def _user_ids(made: Forged) -> bytes:
    for number in range(10_000):
        made.user_id(f"Anne <{number}@example.com>")
    return made.public


def _some_user_ids(made: Forged) -> bytes:
    for number in range(1000):
        made.user_id(f"Anne <{number}@example.com>")
    return made.public


def _subkeys(made: Forged) -> bytes:
    key = Key.encrypting(now() - DAY)
    for second in range(1500):  # the same pair at other times is another key
        made.bind(Key(key.private, key.created + second), ENCRYPT)
    return made.public


def _signing_subkeys(made: Forged) -> bytes:
    key = Key.signing(now() - DAY)
    for second in range(1000):
        made.bind(Key(key.private, key.created + second), SIGN)
    return made.public


def _notations(made: Forged) -> bytes:
    """Thirty signatures, each with as much of a notation as it can have."""
    value = bytes(60_000)
    content = bytes([20, 0x80, 0, 0, 0]) + (9).to_bytes(2, "big") + len(value).to_bytes(2, "big") + b"a@example" + value
    notation = b"\xff" + len(content).to_bytes(4, "big") + content
    text, signatures = made.user_ids[0]
    data = certified(made.primary.body, text)
    signatures += [
        signature(made.primary, POSITIVE, data, at=now() - DAY + second, extra=notation) for second in range(30)
    ]
    return made.public


def _nested(made: Forged) -> bytes:
    data = made.public
    for _ in range(200):
        data = packet(Tag.COMPRESSED, b"\x01" + zlib.compress(data)[2:-4])
    return data


def _bomb_behind(made: Forged) -> bytes:
    return made.public + packet(Tag.COMPRESSED, b"\x01" + zlib.compress(bytes(10**8))[2:-4])


def _unknown_type(made: Forged) -> bytes:
    return made.public + packet(39, b"x")  # RFC 9580 §4.3: critical


def _beyond_all(made: Forged) -> bytes:
    return made.public + packet(USER_ID, bytes(100 * 2**20))


REFUSED: dict[str, tuple[Callable[[Forged], bytes], CertificateProblem]] = {
    "10,000 user IDs": (_user_ids, TOO_LARGE),
    "1,000 user IDs": (_some_user_ids, TOO_LARGE),
    "1,500 subkeys": (_subkeys, TOO_LARGE),
    "1,000 subkeys that sign": (_signing_subkeys, TOO_LARGE),
    "notations": (_notations, TOO_LARGE),
    "nested compression": (_nested, BROKEN),
    "a bomb behind it": (_bomb_behind, BROKEN),
    "a type that nobody knows": (_unknown_type, BROKEN),
    "100 MB": (_beyond_all, TOO_LARGE),
}


def worked() -> float:
    """How many seconds this process and all below it have worked until now, however busy the machine is."""
    return sum(map(processes.cpu_seconds, (os.getpid(), *processes.descendants(os.getpid()))))


def soon(read: Callable[[bytes], Any], data: bytes) -> Any:
    """What is read, or the problem, within the time."""
    begun = worked()
    try:
        return read(data)
    except CertificateError as error:
        return error.problem if str(error).endswith(".") else str(error)
    finally:
        assert worked() - begun < _SECONDS


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.deep] if name == "10,000 user IDs" else []) for name in REFUSED]
)
def test_refused(name: str) -> None:
    """By itself, and in a keyring, where it takes nothing from the others that can be told from it."""
    make, problem = REFUSED[name]
    data = make(forge_usable(ANNE))
    assert soon(openpgp.read_certificate, data) is problem
    other = forge_usable("bart@example.com")
    keyring = (
        other.public + data
        if name == "100 MB"
        else b"".join(openpgp.armor(each, "PGP PUBLIC KEY BLOCK") for each in (other.public, data))
    )
    found = soon(openpgp.read_keyring, keyring)
    if isinstance(found, list):
        assert {one.problem for one in found} == {None, problem}
        assert other.fingerprint in {one.fingerprint for one in found if one.certificate is not None}
    else:
        assert found is TOO_LARGE


def test_what_costs_most_is_not_begun() -> None:
    """Whether it can be encrypted to is not found out of one that is refused anyway: that takes time with the square of its subkeys."""
    data = _subkeys(forge_usable(ANNE))
    begun = worked()
    openpgp.certificates.clean(data)
    cleaned = worked() - begun
    assert soon(openpgp.read_certificate, data) is TOO_LARGE
    assert worked() - begun < 4 * cleaned + 1


@pytest.mark.parametrize(
    "junk",
    [
        b"".join(packet(USER_ID, f"Eve <{number}@example.com>".encode()) for number in range(5000)),
        packet(Tag.PUBLIC_SUBKEY, b"\x63" + bytes(40)),
        packet(Tag.SIGNATURE, b"\x63abcdef") * 1000,
    ],
    ids=["user IDs that it has not signed", "a subkey of a later version", "signatures of a later version"],
)
def test_left_out(junk: bytes) -> None:
    """What anybody can have added, and what nobody can read, is left out of a certificate that is sound without it."""
    made = forge_usable(ANNE)
    (found,) = soon(openpgp.read_certificates, made.public + junk)
    assert found.data == openpgp.inspect(made.public).data
    assert found.usability.usable


def test_a_primary_key_of_a_later_version() -> None:
    """It is nothing that anybody here could use."""
    assert soon(openpgp.read_certificate, packet(Tag.PUBLIC_KEY, b"\x63" + bytes(40))) is CertificateProblem.POLICY
