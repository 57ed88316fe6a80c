"""Passphrases of secret keys: put on for other programs, taken off what they have put on."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING

import pysequoia
import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESOCB3
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from hypothesis import given
from hypothesis import strategies as st
from keys import packet

from mailman_pgp.openpgp import CertificateError, CertificateProblem, PacketError, Profile, generate, protect
from mailman_pgp.openpgp.packets import Tag, walk
from mailman_pgp.openpgp.protection import _cfb, _iterated, open_packet, public_length

if TYPE_CHECKING:
    from collections.abc import Callable

    from others import Gpg, Rnp, Sq

    from mailman_pgp.openpgp.listkeys import NewListKey

WORDS = "correct horse, süße Batterie"
PASSPHRASE = WORDS.encode()
# The public half of an Ed25519 key of version 6.
_VERSION_6 = b"\x06" + bytes(4) + b"\x1b" + (32).to_bytes(4, "big") + bytes(32)


@pytest.fixture(scope="module")
def protected(list_key: NewListKey) -> bytes:
    """The key of a list under a passphrase."""
    return protect(list_key.secret, PASSPHRASE)


def opened(secret: bytes, passphrase: bytes | None = PASSPHRASE) -> bytes:
    """The same without it."""
    return b"".join(
        packet(one.tag, open_packet(one.tag, one.body, passphrase) if "SECRET" in Tag(one.tag).name else one.body)
        for one in walk(secret)
    )


def bodies(secret: bytes) -> list[bytes]:
    """The bodies of the packets."""
    return [one.body for one in walk(secret)]


def test_there_and_back(list_key: NewListKey, protected: bytes) -> None:
    """What is under a passphrase comes back by it, bit by bit; every time it looks different."""
    assert bodies(opened(protected)) == bodies(list_key.secret)
    again = protect(list_key.secret, PASSPHRASE)
    changed = [one != other for one, other in zip(bodies(again), bodies(protected), strict=True)]
    assert sum(changed) == 3


def test_nothing_of_the_secret_is_left(list_key: NewListKey, protected: bytes) -> None:
    """No secret half stands in it, nor the passphrase."""
    for one in walk(list_key.secret):
        if "SECRET" in Tag(one.tag).name:
            secret = one.body[public_length(one.body) + 3 : -2]
            assert len(secret) >= 31
            assert secret not in protected
    assert PASSPHRASE not in protected


def test_another_passphrase(protected: bytes) -> None:
    """None, and another one, open nothing, and say so."""
    for given_one, problem in ((None, CertificateProblem.LOCKED), (b"another", CertificateProblem.WRONG_PASSPHRASE)):
        with pytest.raises(CertificateError) as refused:
            opened(protected, given_one)
        assert refused.value.problem is problem


def test_not_twice(protected: bytes) -> None:
    """What is under a passphrase gets no second one."""
    with pytest.raises(PacketError, match="already"):
        protect(protected, b"another")


def test_the_library_takes_it(list_key: NewListKey, protected: bytes) -> None:
    """With its passphrase, and no other."""
    tsk = pysequoia.Tsk.from_bytes(protected)
    message = pysequoia.encrypt(b"text", [tsk.extract_certificate()], signer=tsk.signer(WORDS))
    assert pysequoia.decrypt(message, tsk.decryptor(WORDS)).bytes == b"text"
    with pytest.raises(RuntimeError):
        tsk.signer("another")
    assert str(tsk.extract_certificate().fingerprint).upper() == list_key.certificate.fingerprint


@pytest.mark.peer
def test_gpg_takes_it(gpg: Gpg, list_key: NewListKey, protected: bytes) -> None:
    """GnuPG 2.2 imports it, and opens with the passphrase what is encrypted to the list."""
    gpg("--passphrase", WORDS, "--import", data=protected)
    certificate = pysequoia.Cert.from_bytes(list_key.certificate.data)
    message = bytes(pysequoia.encrypt(b"text", [certificate]))
    assert gpg("--passphrase", WORDS, "--decrypt", data=message).stdout == b"text"


@pytest.mark.peer
def test_sq_and_rnp_take_it(sq: Sq, rnp: Rnp, list_key: NewListKey, protected: bytes) -> None:
    """Sequoia reads it as a key with secrets, rnp imports it."""
    shown = sq.run("inspect", data=protected).stdout
    assert b"Encrypted" in shown
    rnp.load(protected)
    assert list_key.certificate.fingerprint.lower().encode() in rnp.list_keys().lower()


def under(
    list_key: NewListKey, usage: int, specifier: bytes, protect_with: Callable[[int, bytes, bytes], bytes]
) -> bytes:
    """The key of a list with each secret part in another form: usage, what comes behind it, and the hidden part, made by hand."""
    written = []
    for one in walk(list_key.secret):
        if "SECRET" not in Tag(one.tag).name:
            written.append(list_key.secret[one.start : one.end])
            continue
        public = one.body[: public_length(one.body)]
        hidden = protect_with(one.tag, public, one.body[len(public) + 1 : -2])
        written.append(packet(one.tag, public + bytes([usage]) + specifier + hidden))
    return b"".join(written)


@pytest.fixture(scope="module")
def with_argon2(list_key: NewListKey) -> bytes:
    """As RFC 9580 §5.5.3 recommends it: Argon2 with 64 MiB, AES-256 with OCB."""
    salt = os.urandom(16)
    derived = Argon2id(salt=salt, length=32, iterations=1, lanes=4, memory_cost=2**16).derive(PASSPHRASE)

    def hide(tag: int, public: bytes, material: bytes) -> bytes:
        kind, nonce = bytes([0xC0 | tag]), os.urandom(15)
        key = HKDF(SHA256(), 32, None, kind + bytes([4, 9, 2])).derive(derived)
        return nonce + AESOCB3(key).encrypt(nonce, material, kind + public)

    return under(list_key, 253, bytes([9, 2, 4]) + salt + bytes([1, 4, 16]), hide)


def test_argon2(list_key: NewListKey, with_argon2: bytes) -> None:
    """The library, which knows this form, and we open it by the same passphrase, and by no other."""
    assert pysequoia.Tsk.from_bytes(with_argon2).signer(WORDS)
    assert bodies(opened(with_argon2)) == bodies(list_key.secret)
    with pytest.raises(CertificateError) as refused:
        opened(with_argon2, b"another")
    assert refused.value.problem is CertificateProblem.WRONG_PASSPHRASE


@pytest.mark.parametrize(
    ("usage", "specifier"),
    [
        (255, bytes([9, 3, 8]) + bytes(9)),  # a checksum that anybody can put right
        (9, b""),  # a hash of the passphrase, and no more
        (254, bytes([9, 0, 8])),
        (254, bytes([2, 3, 8]) + bytes(9)),  # TripleDES
        (254, bytes([9, 3, 1]) + bytes(9)),  # MD5
        (253, bytes([9, 2, 4]) + bytes(16) + bytes([1, 4, 31])),  # two terabytes of memory
        (253, bytes([9, 2, 4]) + bytes(16) + bytes([255, 4, 16])),  # for minutes
        (253, bytes([9, 1, 4]) + bytes(16) + bytes([1, 4, 16])),  # EAX
    ],
)
def test_forms_that_are_not_supported(list_key: NewListKey, usage: int, specifier: bytes) -> None:
    """Old and weak ones, and such as would cost too much, are refused by name, without work."""
    key = under(list_key, usage, specifier, lambda _tag, _public, material: bytes(16) + material + bytes(20))
    with pytest.raises(CertificateError) as refused:
        opened(key)
    assert refused.value.problem is CertificateProblem.PROTECTION


@pytest.fixture(scope="module")
def of_version_6() -> NewListKey:
    """A list key of that version."""
    return generate("Ants", ["ants@example.com"], profile=Profile.V6)


@pytest.fixture(scope="module")
def of_version_6_protected(of_version_6: NewListKey) -> bytes:
    """The same under a passphrase."""
    return protect(of_version_6.secret, PASSPHRASE)


def test_version_6(of_version_6: NewListKey, of_version_6_protected: bytes) -> None:
    """By AEAD and Argon2, as RFC 9580 §3.7.2.1 allows it, with the lengths of its parts; there and back, and each time it looks different."""
    assert bodies(opened(of_version_6_protected)) == bodies(of_version_6.secret)
    again = bodies(protect(of_version_6.secret, PASSPHRASE))
    assert sum(one != other for one, other in zip(again, bodies(of_version_6_protected), strict=True)) == 3
    for one in walk(of_version_6_protected):
        if "SECRET" in Tag(one.tag).name:
            rest = one.body[public_length(one.body) :]
            assert (rest[0], rest[1], rest[2], rest[3], rest[4], rest[5]) == (253, 38, 9, 2, 20, 4)
            assert len(rest) == 2 + 38 + 32 + 16
    with pytest.raises(PacketError, match="already"):
        protect(of_version_6_protected, PASSPHRASE)


@pytest.mark.parametrize("passphrase", [PASSPHRASE, None], ids=["with", "without"])
def test_version_6_as_others_have_it(of_version_6: NewListKey, passphrase: bytes | None) -> None:
    """In CFB mode by an iterated passphrase, which the RFC allows too: another program reads it, and so is it read here."""
    salt = os.urandom(8)
    key = _iterated(8, salt, 96, PASSPHRASE, 32)
    written = []
    for one in walk(of_version_6.secret):
        if "SECRET" not in Tag(one.tag).name:
            written.append(packet(one.tag, one.body))
            continue
        public, iv = one.body[: public_length(one.body)], os.urandom(16)
        material = one.body[len(public) + 1 :]
        hidden = _cfb(key, iv).encryptor().update(material + hashlib.sha1(material, usedforsecurity=False).digest())
        parameters = bytes([9, 11, 3, 8]) + salt + bytes([96]) + iv
        written.append(packet(one.tag, public + bytes([254, len(parameters)]) + parameters + hidden))
    secret = b"".join(written)
    pysequoia.Tsk.from_bytes(secret).signer(WORDS)
    if passphrase is not None:
        assert bodies(opened(secret, passphrase)) == bodies(of_version_6.secret)
        return
    with pytest.raises(CertificateError) as refused:
        opened(secret, passphrase)
    assert refused.value.problem is CertificateProblem.LOCKED


@pytest.mark.parametrize("at", range(6))
def test_version_6_with_a_part_changed(of_version_6_protected: bytes, at: int) -> None:
    """How it is protected can't be changed: each part that tells it is looked at, or authenticated."""
    first = next(walk(of_version_6_protected))
    place = public_length(first.body) + at
    changed = first.body[:place] + bytes([first.body[place] ^ 3]) + first.body[place + 1 :]
    with pytest.raises(CertificateError) as refused:
        open_packet(first.tag, changed, PASSPHRASE)
    assert refused.value.problem in {CertificateProblem.PROTECTION, CertificateProblem.WRONG_PASSPHRASE}


@given(
    st.one_of(st.binary(max_size=200), st.binary(max_size=120).map(lambda rest: _VERSION_6 + rest)),
    st.sampled_from([Tag.SECRET_KEY, Tag.SECRET_SUBKEY]),
)
def test_any_octets(body: bytes, tag: int) -> None:
    """Whatever stands in a secret key packet, it is opened or refused by name."""
    try:
        found = open_packet(tag, body, b"x")
    except (CertificateError, PacketError, IndexError):
        return
    assert public_length(found) < len(found)
