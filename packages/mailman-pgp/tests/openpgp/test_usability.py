"""Whether a certificate can be encrypted to, until when, and why not."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from certificates import ANNE, armored, naive, problem_of, refusal
from keys import (
    BINDING,
    CERTIFY,
    COMPROMISED,
    DAY,
    DIRECT,
    ENCRYPT,
    POSITIVE,
    RETIRED,
    REVOKE_KEY,
    SIGN,
    Forged,
    Key,
    Lacking,
    Subkey,
    certified,
    features,
    flags,
    forge,
    forge_usable,
    now,
    packet,
    signature,
)

from mailman_pgp import openpgp
from mailman_pgp.openpgp import CertificateProblem
from mailman_pgp.openpgp.features import announces_seipd2
from mailman_pgp.openpgp.key_packets import KeyParts, Signed, sort
from mailman_pgp.openpgp.memberkeys import KeyKind, MemberKey

if TYPE_CHECKING:
    from others import Gpg


def problem(made: Forged) -> CertificateProblem | None:
    """Why nothing can be encrypted to a certificate."""
    return problem_of(made.public)


def test_a_usable_certificate_of_that_address_is_let_through() -> None:
    """The address is compared without regard to case."""
    read = openpgp.inspect(forge_usable(ANNE).public)
    openpgp.require_usable(read)
    openpgp.require_usable(read, "Anne@Example.com")
    assert refusal(openpgp.require_usable, read, "bart@example.com") is CertificateProblem.WRONG_ADDRESS


def test_an_expired_certificate_is_refused() -> None:
    """Pysequoia would encrypt to it."""
    made = forge_usable(ANNE, lifetime=50 * DAY)
    assert problem(made) is CertificateProblem.EXPIRED
    read = openpgp.read_certificate(made.public)
    assert read.addresses == {"anne@example.com"}
    assert refusal(openpgp.require_usable, read, "anne@example.com") is CertificateProblem.EXPIRED


@pytest.mark.parametrize("code", [None, COMPROMISED, RETIRED])
def test_a_revoked_certificate_is_refused(code: int | None) -> None:
    """Pysequoia would encrypt to it, whatever the reason of the revocation."""
    made = forge_usable(ANNE)
    made.revoke(at=now() - DAY, code=code)
    assert problem(made) is CertificateProblem.REVOKED
    assert openpgp.inspect(made.public).revoked


def test_a_revocation_is_all_that_a_certificate_needs_to_be_revoked() -> None:
    """Without a user ID, and without any other self-signature that counts."""
    made = forge_usable(ANNE, digest="sha1")
    made.revoke(at=now() - DAY)
    assert problem(made) is CertificateProblem.REVOKED
    made.user_ids.clear()
    assert problem(made) is CertificateProblem.REVOKED


def test_a_forged_revocation_revokes_nothing() -> None:
    """A revocation that another key made, even one that claims to be the owner's, does not count."""
    made, other = forge_usable(ANNE), Key.signing(now() - 100 * DAY)
    made.direct.append(signature(other, REVOKE_KEY, made.primary.hashed, at=now() - DAY))
    assert problem(made) is None
    claimed = made.direct.pop().replace(bytes.fromhex(other.fingerprint), bytes.fromhex(made.fingerprint))
    made.direct.append(claimed.replace(bytes.fromhex(other.key_id), bytes.fromhex(made.primary.key_id)))
    assert problem(made) is None


def test_without_an_encryption_subkey_nothing_can_be_encrypted() -> None:
    """A certificate that only signs is told so."""
    assert problem(forge(ANNE)) is CertificateProblem.NO_ENCRYPTION


def test_a_subkey_must_say_what_it_is_for() -> None:
    """One without key flags, as some programs of the nineties made them, is told so; beside another it takes nothing from that."""
    made, silent = forge(ANNE), Key.encrypting(now() - 90 * DAY)
    bound = signature(made.primary, BINDING, made.primary.hashed + silent.hashed, at=silent.created)
    made.subkeys.append(Subkey(silent, [bound]))
    assert problem(made) is CertificateProblem.NO_ENCRYPTION
    said = made.bind(Key.encrypting(now() - 80 * DAY), ENCRYPT)
    assert openpgp.inspect(made.public).usability.recipients == (said.key_id,)


def test_an_expired_subkey_does_not_count() -> None:
    """Pysequoia would encrypt to it when there is no other."""
    made = forge(ANNE)
    made.bind(Key.encrypting(now() - 90 * DAY), ENCRYPT, lifetime=10 * DAY)
    assert problem(made) is CertificateProblem.NO_ENCRYPTION


@pytest.mark.parametrize("code", [None, RETIRED])
def test_a_revoked_subkey_does_not_count(code: int | None) -> None:
    """Neither is it chosen next to an expired one."""
    made = forge_usable(ANNE)
    made.revoke_subkey(made.subkeys[0].key, at=now() - DAY, code=code)
    assert problem(made) is CertificateProblem.NO_ENCRYPTION
    made.bind(Key.encrypting(now() - 90 * DAY), ENCRYPT, lifetime=10 * DAY)
    assert problem(made) is CertificateProblem.NO_ENCRYPTION


def test_a_subkey_that_belongs_to_somebody_else_does_not_count() -> None:
    """A subkey grafted onto a certificate is not bound to it."""
    made, other = forge(ANNE), forge_usable("Bart <bart@example.com>")
    made.subkeys.append(other.subkeys[0])
    assert problem(made) is CertificateProblem.NO_ENCRYPTION


def test_every_live_encryption_subkey_is_a_recipient() -> None:
    """Members with two devices have two; the expired one is left out."""
    made = forge(ANNE)
    made.bind(Key.encrypting(now() - 90 * DAY), ENCRYPT, lifetime=10 * DAY)
    live = [made.bind(Key.encrypting(now() - days * DAY), ENCRYPT) for days in (80, 70)]
    assert set(openpgp.inspect(made.public).usability.recipients) == {key.key_id for key in live}


@pytest.mark.parametrize("first", [True, False])
def test_a_subkey_of_an_unknown_kind_takes_nothing_from_another(first: bool) -> None:  # noqa: FBT001 - drawn
    """The library encrypts to nothing where a curve is one that it lacks; alone, such a subkey is refused with the reason."""
    made, lacking = forge(ANNE), Lacking.encrypting(now() - 90 * DAY)
    known = Key.encrypting(now() - 80 * DAY)
    for key in (lacking, known) if first else (known, lacking):
        made.bind(key, ENCRYPT)
    assert openpgp.inspect(made.public).usability.recipients == (known.key_id,)
    made.revoke_subkey(known, at=now() - DAY, code=RETIRED)
    assert problem(made) is CertificateProblem.POLICY


def test_an_extended_subkey_counts_again() -> None:
    """The newest binding signature decides, both ways."""
    made = forge(ANNE)
    key = made.bind(Key.encrypting(now() - 90 * DAY), ENCRYPT, lifetime=10 * DAY)
    made.bind(key, ENCRYPT, at=now() - DAY)
    assert problem(made) is None
    made.bind(key, ENCRYPT, at=now() - DAY // 2, lifetime=10 * DAY)
    assert problem(made) is CertificateProblem.NO_ENCRYPTION


def test_a_forged_binding_extends_nothing() -> None:
    """A binding signature that claims a longer life, but that the owner did not make, is passed over."""
    made = forge(ANNE)
    key = made.bind(Key.encrypting(now() - 90 * DAY), ENCRYPT, lifetime=10 * DAY)
    made.bind(key, ENCRYPT, at=now() - DAY)
    genuine = made.subkeys[0].signatures[1]
    made.subkeys[0].signatures[1] = genuine[:-1] + bytes([genuine[-1] ^ 1])
    assert problem(made) is CertificateProblem.NO_ENCRYPTION


def test_sha1_self_signatures_are_refused_with_a_sentence() -> None:
    """Pysequoia refuses them without a word; its owner can mend it."""
    made = forge_usable(ANNE, digest="sha1")
    assert problem(made) is CertificateProblem.POLICY
    assert problem_of(armored(made.public)) is CertificateProblem.POLICY


def test_a_sha1_binding_alone_is_refused_too() -> None:
    """The primary key is fine, the encryption subkey is not: still it is policy, and can be mended."""
    made = forge(ANNE)
    made.digest = "sha1"
    made.bind(Key.encrypting(now() - 90 * DAY), ENCRYPT)
    assert problem(made) is CertificateProblem.POLICY


@pytest.mark.peer
def test_gpg_certificates_with_sha1_are_refused(gpg: Gpg) -> None:
    """The kind that old versions of GnuPG made."""
    gpg("--cert-digest-algo", "SHA1", "--quick-generate-key", ANNE, "rsa2048", "default", "never")
    public = gpg("--export", "anne@example.com").stdout
    certifications = [one.body[:4] for one in openpgp.walk(public) if one.tag == openpgp.Tag.SIGNATURE]
    if certifications[0] != b"\x04\x13\x01\x02":  # version, type, RSA, SHA-1
        pytest.skip("this gpg does not make SHA-1 self-signatures any more")
    assert problem_of(public) is CertificateProblem.POLICY


def test_a_certificate_from_the_future_is_not_yet_valid() -> None:
    """Its maker's clock is wrong; when to look again is told."""
    made = forge_usable(ANNE, age=-10 * DAY)
    read = openpgp.inspect(made.public)
    assert read.usability.problem is CertificateProblem.NOT_YET_VALID
    assert read.usability.until == naive(made.primary.created)
    assert read.user_ids == ()


def test_keys_of_version_3_are_refused_by_policy() -> None:
    """Their fingerprints are MD5."""
    old = packet(6, b"\x03" + bytes(4) + b"\0\0\1" + b"\x08\0" + b"\x80" * 256 + b"\0\5\x11")
    assert refusal(openpgp.inspect, old) is CertificateProblem.POLICY


WEAK_OR_UNKNOWN = {
    "RSA 1024": ("rsa1024", "rsa1024"),
    "DSA and ElGamal": ("dsa2048", "elg2048"),
    "long DSA with a good subkey": ("dsa3072", "rsa3072"),
    "ElGamal subkey": ("rsa3072", "elg2048"),
    "short RSA subkey": ("ed25519", "rsa1024"),
    "Brainpool P-256": ("brainpoolP256r1", "brainpoolP256r1"),
    "Brainpool P-384": ("brainpoolP384r1", "brainpoolP384r1"),
    "Brainpool P-512": ("brainpoolP512r1", "brainpoolP512r1"),
    "Brainpool subkey": ("ed25519", "brainpoolP256r1"),
    "secp256k1": ("secp256k1", "secp256k1"),
}
"""What GnuPG calls a primary key and its subkey for encryption."""


@pytest.mark.peer
@pytest.mark.parametrize("kind", WEAK_OR_UNKNOWN)
def test_weak_and_unknown_kinds_are_refused_with_a_sentence(gpg: Gpg, kind: str) -> None:
    """GnuPG still makes them when asked to; their owners are told what to make instead."""
    primary, subkey = WEAK_OR_UNKNOWN[kind]
    gpg("--quick-generate-key", ANNE, primary, "cert,sign", "1y")
    listing = gpg("--with-colons", "--list-keys").stdout.splitlines()
    gpg(
        "--quick-add-key",
        next(line.split(b":")[9].decode() for line in listing if line.startswith(b"fpr:")),
        subkey,
        "encr",
    )
    public = gpg("--export", "anne@example.com").stdout
    assert problem_of(public) is CertificateProblem.POLICY
    with pytest.raises(openpgp.CertificateError, match=r"DSA, ElGamal, RSA below 2048 bits, Brainpool.*make a new key"):
        openpgp.require_usable(openpgp.inspect(public), "anne@example.com")


def test_the_answer_says_until_when_it_holds() -> None:
    """The next expiry or beginning of anything in the certificate, not the last one."""
    made = forge(ANNE, lifetime=400 * DAY)
    soon = made.bind(Key.encrypting(now() - 90 * DAY), ENCRYPT, lifetime=95 * DAY)
    made.bind(Key.encrypting(now() - 80 * DAY), ENCRYPT)
    assert openpgp.inspect(made.public).usability.until == naive(soon.created + 95 * DAY)
    made.revoke(at=now() + 2 * DAY, code=RETIRED)
    until = openpgp.inspect(made.public).usability.until
    assert until is not None
    assert timedelta(days=1) < until - naive(now()) < timedelta(days=3)


NOTHING, SEIPD1, OCB_OF_GNUPG, SEIPD2 = b"", features(0x01), features(0x03), features(0x09)


@pytest.mark.parametrize(
    ("said", "version"),
    [
        ([NOTHING], 1),
        ([SEIPD1], 1),
        ([OCB_OF_GNUPG], 1),
        ([SEIPD2], 2),
        ([SEIPD2, NOTHING], 1),
        ([SEIPD2, SEIPD1], 1),
        ([NOTHING, SEIPD2], 2),
        ([SEIPD1, SEIPD2], 2),
    ],
)
def test_what_its_owner_has_said_last_counts(said: list[bytes], version: int) -> None:
    """Who has moved to a program that reads SEIPDv1 only has extended the key there; of the older word nothing is left."""
    made = Forged(Key.signing(now() - 100 * DAY))
    made.bind(Key.encrypting(now() - 100 * DAY), ENCRYPT)
    for number, says in enumerate(said):
        made.user_id(ANNE, at=now() - (90 - number) * DAY, usage=CERTIFY | SIGN, says=says)
    assert openpgp.inspect(made.public).usability.seipd == version


def test_what_is_said_of_the_key_itself_counts() -> None:
    """Beside what the user IDs say, which may be nothing; of version 6 every key says it."""
    made = forge_usable(ANNE)
    made.user_ids.clear()
    made.user_id(ANNE, usage=CERTIFY | SIGN, says=NOTHING)
    said = flags(CERTIFY | SIGN) + SEIPD2
    made.direct.append(signature(made.primary, DIRECT, made.primary.hashed, at=now() - DAY, extra=said))
    assert openpgp.inspect(made.public).usability.seipd == 2
    parts = sort(MemberKey.generate(ANNE, KeyKind.V6).certificate)
    silent = KeyParts(Signed(parts.primary.packet, parts.primary.raw), [], parts.subkeys)
    assert announces_seipd2(silent, naive(now()))


def test_what_somebody_else_has_said_does_not_count() -> None:
    """Whoever certifies a key that says nothing does not say what its owner reads; nor does a signature that is no true one."""
    made, other = forge_usable(ANNE), Key.signing(now() - 100 * DAY)
    made.user_ids.clear()
    made.user_id(ANNE, usage=CERTIFY | SIGN, says=NOTHING)
    signed = certified(made.primary.body, ANNE)
    made.user_ids[0][1].append(signature(other, POSITIVE, signed, at=now() - DAY, extra=SEIPD2))
    made.user_ids[0][1].append(signature(made.primary, POSITIVE, b"", at=now() - DAY, extra=flags(CERTIFY) + SEIPD2))
    assert openpgp.inspect(made.public).usability.seipd == 1


@pytest.mark.peer
def test_an_encryption_capable_primary_key_counts(gpg: Gpg) -> None:
    """An RSA key that does everything by itself, without any subkey."""
    gpg("--quick-generate-key", ANNE, "rsa2048", "cert,sign,encr", "1y")
    read = openpgp.read_certificate(gpg("--export", "anne@example.com").stdout)
    assert read.usability.recipients == (read.key_id,)
    assert read.algorithm == "RSA 2048"
