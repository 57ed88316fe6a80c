"""A keyring is read one certificate by one, in the worker process."""

from functools import partial
from hashlib import sha256
from itertools import count
from typing import Any

import keys
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from keys import DAY, ENCRYPT, Key, forge_usable, now, packet

from mailman_pgp import openpgp
from mailman_pgp.openpgp import CertificateError, CertificateProblem, frames, keyrings
from mailman_pgp.openpgp.keyrings import KeyringLimits
from mailman_pgp.openpgp.memberkeys import KeyKind, MemberKey

A, B = "<a@example.com>", "<b@example.com>"


def test_one_by_one() -> None:
    """A key of a version that nobody should use, and one that is too large, take nothing from the others."""
    old = packet(6, b"\x03" + bytes(20))
    large = forge_usable(A)
    for number in range(70):
        large.bind(Key.encrypting(now() - DAY - number), ENCRYPT)
    good = forge_usable(B)
    found = openpgp.read_keyring(old + large.public + good.public)
    problems = {one.fingerprint: one.problem for one in found}
    assert problems[large.fingerprint] is CertificateProblem.TOO_MANY_PARTS
    assert problems[good.fingerprint] is None
    assert CertificateProblem.POLICY in problems.values()
    assert [one.certificate.fingerprint for one in found if one.certificate] == [good.fingerprint]


def test_copies_are_one() -> None:
    """Copies of one certificate are one that has what each of them has."""
    made = forge_usable(A)
    first = made.public
    made.revoke(at=now() - DAY)
    (found,) = openpgp.read_keyring(first + made.public + first)
    assert found.certificate is not None
    assert found.certificate.revoked


def test_joined_with_known_ones() -> None:
    """Each copy is joined with what was known of the same; one that is of another key takes nothing from the others."""
    made, other = forge_usable(A), forge_usable(B)
    good = made.public
    made.revoke(at=now() - DAY)
    first, second = openpgp.merge_each([made.public, made.public], [good, other.public])
    assert first.certificate is not None
    assert first.certificate.revoked
    assert (second.certificate, second.problem) == (None, CertificateProblem.BROKEN)
    assert openpgp.merge_each([], []) == []


def test_large_keys_leave_room_for_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a worker answers in words is bounded, and of certificates as large as those for ML-KEM nothing but words counts to it."""
    made = MemberKey.generate(A, KeyKind.POST_QUANTUM).certificate
    monkeypatch.setattr(frames, "MAX_HEADER_BYTES", 2000)
    (one,) = openpgp.read_keyring(made)
    (again,) = openpgp.merge_each([made], [made])
    for found in (one.certificate, again.certificate, openpgp.read_certificate(made), openpgp.merge(made, made)):
        assert found is not None
        assert found.data == made
        assert 2000 < len(found.compact) < len(made)


def test_too_large() -> None:
    """More than eight mebibytes are not read; the sentence says what to do."""
    with pytest.raises(CertificateError, match="too large, or takes too long") as caught:
        openpgp.read_keyring(bytes(8 * 2**20 + 1))
    assert caught.value.problem is CertificateProblem.TOO_LARGE


def armored(data: bytes) -> bytes:
    """One armored block."""
    return openpgp.armor(data, "PGP PUBLIC KEY BLOCK")


def test_read_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """More than one worker may read are read in parts, each told of; copies are one wherever they stand."""
    monkeypatch.setattr(keyrings, "_PART_KEYS", 2)
    made = [forge_usable(f"<{name}@example.com>") for name in "abcde"]
    first = made[0].public
    made[0].revoke(at=now() - DAY)
    told: list[int] = []
    data = b"".join((first, *(one.public for one in made[1:]), made[0].public))
    found = openpgp.read_each(openpgp.divide(data), tell=told.append)
    assert [one.fingerprint for one in found] == [one.fingerprint for one in made]
    assert told == [2, 2, 1]
    assert found[0].certificate is not None
    assert found[0].certificate.revoked


def _cut_off(a: bytes, b: bytes, c: bytes) -> bytes:
    return a + b + c[:-9]


def _foreign(a: bytes, b: bytes, c: bytes) -> bytes:
    return a + c + packet(8, b"compressed") + b


def _headless(a: bytes, b: bytes, c: bytes) -> bytes:
    return packet(13, b"a user ID of nobody's") + c[:0] + a + b


def _damaged_block(a: bytes, b: bytes, c: bytes) -> bytes:
    middle = bytearray(armored(c))
    middle[100] = ord("!")
    return armored(a) + bytes(middle) + armored(b)


def _unclosed_block(a: bytes, b: bytes, c: bytes) -> bytes:
    return armored(a) + armored(c)[:90] + b"\n" + armored(b)


def _last_block_cut_off(a: bytes, b: bytes, c: bytes) -> bytes:
    return armored(a) + armored(b) + armored(c)[:90]


@pytest.mark.parametrize("spoil", [_cut_off, _foreign, _headless, _damaged_block, _unclosed_block, _last_block_cut_off])
def test_damaged_ones_take_nothing_from_the_others(spoil: object) -> None:
    """A piece that can't be read, at whichever place and in whichever form, is one line, and the others are read."""
    a, b, c = (forge_usable(f"<{name}@example.com>") for name in "abc")
    assert callable(spoil)
    found = openpgp.read_keyring(spoil(a.public, b.public, c.public))
    assert [one.fingerprint for one in found] == [a.fingerprint, b.fingerprint, ""]
    assert found[2].problem is CertificateProblem.BROKEN


@pytest.fixture
def the_same_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys that are the same in each run: octets that are read out of step look like packets by chance, once in some hundred times."""
    numbers = count()

    def generate(kind: Any) -> Any:
        return kind.from_private_bytes(sha256(str(next(numbers)).encode()).digest())

    for kind in (Ed25519PrivateKey, X25519PrivateKey):
        monkeypatch.setattr(kind, "generate", partial(generate, kind))
    monkeypatch.setattr(keys, "now", lambda: 1_790_000_000)


@pytest.mark.usefixtures("the_same_keys")
def test_behind_a_damaged_one() -> None:
    """Of a binary keyring, too, only those are lost that are damaged: cut off, with a wrong length, with junk between them."""
    made = [forge_usable(f"<n{number}@example.com>") for number in range(60)]
    junk = bytes.fromhex("c633") + b"\x04" + b"garbage" * 7 + b"xx"
    spoiled = {
        5: made[5].public[:-40],
        20: made[20].public[:10],
        21: b"\x99\xff\xff" + made[21].public,
        40: junk,
    }
    found = openpgp.read_keyring(b"".join(spoiled.get(number, one.public) for number, one in enumerate(made)))
    whole = {one.fingerprint for number, one in enumerate(made) if number not in {5, 20, 40}}
    assert {one.fingerprint for one in found if one.certificate is not None} == whole
    assert any(one.problem is CertificateProblem.BROKEN for one in found)


def test_a_secret_key_behind_a_damaged_one() -> None:
    """It is found there, too, and has all of it refused."""
    good, secret = forge_usable(A).public, forge_usable(B).secret
    with pytest.raises(CertificateError) as caught:
        openpgp.read_keyring(good + good[:-40] + secret + good)
    assert caught.value.problem is CertificateProblem.SECRET_KEY


@pytest.mark.parametrize("tag", [5, 7])
def test_octets_that_are_no_secret_key(tag: int) -> None:
    """What is read out of step can look like one, but for its version: it is damaged, and takes nothing from the others."""
    made = [forge_usable(address) for address in (A, B)]
    junk = bytes([0xC0 | tag, 60]) + b"\x63" * 60
    found = openpgp.read_keyring(made[0].public + junk + made[1].public)
    assert {one.fingerprint for one in found if one.certificate is not None} >= {made[1].fingerprint}
    assert any(one.problem is CertificateProblem.BROKEN for one in found)


def test_nothing_to_be_read() -> None:
    """Where all is damaged, that is said of the whole; and where there is no key, that there is none."""
    good = forge_usable(A).public
    for data, problem in (
        (good[:-9], CertificateProblem.BROKEN),
        (armored(good)[:90], CertificateProblem.BROKEN),
        (b"Hello", CertificateProblem.NO_KEY),
        (b"", CertificateProblem.NO_KEY),
    ):
        with pytest.raises(CertificateError) as caught:
            openpgp.read_keyring(data)
        assert caught.value.problem is problem


def test_a_secret_key_anywhere() -> None:
    """A secret key, however it is labelled, and wherever it stands, has all of it refused."""
    good, secret = forge_usable(A).public, forge_usable(B).secret
    for data in (good + secret, armored(good) + armored(secret), armored(good) + openpgp.armor(secret, "PGP MESSAGE")):
        with pytest.raises(CertificateError) as caught:
            openpgp.read_keyring(data)
        assert caught.value.problem is CertificateProblem.SECRET_KEY


def test_one_of_which_a_worker_dies(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is found by halves, and the others are read."""
    made = [forge_usable(f"<{name}@example.com>") for name in "abcdefg"]
    ask = keyrings._ask

    def dies(operation: str, blobs: list[bytes]) -> object:
        if any(made[4].public in blob for blob in blobs):
            raise CertificateError(CertificateProblem.BROKEN)
        return ask(operation, blobs)

    monkeypatch.setattr(keyrings, "_ask", dies)
    found = openpgp.read_keyring(b"".join(one.public for one in made))
    assert [one.fingerprint for one in found if one.problem is None] == [
        one.fingerprint for one in made if one is not made[4]
    ]
    assert [one.problem for one in found if one.problem] == [CertificateProblem.BROKEN]


def test_too_many() -> None:
    """More than are taken at once are not read; the sentence says how many that are."""
    data = b"".join(forge_usable(f"<{name}@example.com>").public for name in "abc")
    with pytest.raises(CertificateError, match="more than 2 public keys") as caught:
        openpgp.divide(data, KeyringLimits(2**20, 2))
    assert caught.value.problem is CertificateProblem.SEVERAL_KEYS
