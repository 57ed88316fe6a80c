"""Passphrases of secret keys: put on for other programs, taken off what they have put on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pysequoia
import pytest
from hypothesis import given
from hypothesis import strategies as st
from keys import packet

from mailman_pgp.openpgp import CertificateError, CertificateProblem, PacketError, protect
from mailman_pgp.openpgp.packets import Tag, walk
from mailman_pgp.openpgp.protection import open_packet, public_length

if TYPE_CHECKING:
    from others import Gpg, Rnp, Sq

    from mailman_pgp.openpgp.listkeys import NewListKey

WORDS = "correct horse, süße Batterie"
PASSPHRASE = WORDS.encode()


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


@given(st.binary(max_size=200), st.sampled_from([Tag.SECRET_KEY, Tag.SECRET_SUBKEY]))
def test_any_octets(body: bytes, tag: int) -> None:
    """Whatever stands in a secret key packet, it is opened or refused by name."""
    try:
        found = open_packet(tag, body, b"x")
    except (CertificateError, PacketError, IndexError):
        return
    assert public_length(found) < len(found)
