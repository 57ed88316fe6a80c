"""Certificates: who they belong to, and whether they can be encrypted to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pysequoia
import pytest
from keys import (
    CERTIFY,
    COMPROMISED,
    DAY,
    ENCRYPT,
    RETIRED,
    REVOKE_KEY,
    SIGN,
    USER_ID,
    Forged,
    Key,
    forge,
    forge_usable,
    now,
    packet,
    signature,
)
from messages import bomb, compressed, literal

from mailman_pgp import openpgp
from mailman_pgp.openpgp import CertificateError, CertificateProblem

if TYPE_CHECKING:
    from collections.abc import Callable

    from others import Gpg

ANNE = "Anne <anne@example.com>"


def naive(seconds: int) -> datetime:
    """Seconds since the epoch as naive UTC."""
    return datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None)


def armored(data: bytes) -> bytes:
    """A public key block."""
    return openpgp.armor(data, "PGP PUBLIC KEY BLOCK")


def refusal(call: Callable[..., object], *arguments: object) -> CertificateProblem:
    """The problem for which a call is refused."""
    with pytest.raises(CertificateError) as caught:
        call(*arguments)
    assert caught.value.args[0].endswith(".")
    return caught.value.problem


def problem(made: Forged) -> CertificateProblem | None:
    """Why nothing can be encrypted to a certificate."""
    usability = openpgp.inspect(made.public).usability
    assert usability.usable == (usability.problem is None) == bool(usability.recipients)
    return usability.problem


# What a certificate says


def test_a_certificate_tells_what_people_compare() -> None:
    """Fingerprint, key ID, times, addresses and algorithms come as typed values."""
    made = forge_usable("Anne <Anne@Example.com>", lifetime=200 * DAY)
    read = openpgp.read_certificate(armored(made.public))
    assert read.fingerprint == made.fingerprint
    assert read.key_id == made.primary.key_id
    assert read.version == 4
    assert read.created == naive(made.primary.created)
    assert read.expires == naive(made.primary.created + 200 * DAY)
    assert not read.revoked
    assert read.addresses == {"anne@example.com"}
    assert read.algorithm == "Ed25519 + X25519"
    assert read.usability == openpgp.Usability(
        usable=True, problem=None, until=read.expires, seipd=1, recipients=(made.subkeys[0].key.key_id,)
    )


def test_the_worker_and_this_process_agree() -> None:
    """A certificate that travelled through the worker equals the one inspected here."""
    made = forge_usable(ANNE)
    assert openpgp.read_certificate(made.public) == openpgp.inspect(made.public)


def test_fingerprints_are_shown_in_groups_of_four() -> None:
    """People compare groups, not 40 digits."""
    assert openpgp.grouped("0123456789ABCDEF") == "0123 4567 89AB CDEF"


@pytest.mark.parametrize(
    ("suite", "profile", "algorithm", "version"),
    [
        ("Cv25519", "RFC4880", "Ed25519 + X25519", 4),
        ("Cv25519", "RFC9580", "Ed25519 + X25519", 6),
        ("P256", "RFC4880", "NIST P-256", 4),
        ("RSA2k", "RFC4880", "RSA 2048", 4),
        ("Cv448", "RFC9580", "Ed448 + X448", 6),
        ("MLDSA65_Ed25519", "RFC9580", "ML-DSA-65 + Ed25519 + ML-KEM-768 + X25519", 6),
    ],
)
def test_members_may_have_any_kind_of_key(suite: str, profile: str, algorithm: str, version: int) -> None:
    """Curves, RSA, version 6 and post-quantum certificates are usable, and named as people name them."""
    made = pysequoia.Tsk.generate(
        ANNE,
        cipher_suite=getattr(pysequoia.CipherSuite, suite),
        profile=getattr(pysequoia.Profile, profile),
    )
    read = openpgp.read_certificate(bytes(made.extract_certificate()))
    assert (read.algorithm, read.version) == (algorithm, version)
    assert read.usability.usable
    # pysequoia's certificates announce SEIPDv2, so their session keys travel in PKESKs of version 6.
    assert read.usability.seipd == 2
    message = pysequoia.encrypt(b"", [pysequoia.Cert.from_bytes(read.data)], armor=False)
    recipients = [openpgp.pkesk_recipient(one) for one in openpgp.walk(message) if one.tag == openpgp.Tag.PKESK]
    assert read.usability.recipients == tuple(recipients)


# User IDs


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("Anne <anne@example.com>", "anne@example.com"),
        ("anne@example.com", "anne@example.com"),
        ("<ANNE@example.com>", "anne@example.com"),
        ("anne@example.com <anne@example.com>", "anne@example.com"),
        ("Anne (work) <anne@example.com>", "anne@example.com"),
        ("\N{ZERO WIDTH JOINER}Anne <anne@example.com>", "anne@example.com"),
        ("Anne", None),
        ("Anne <anne@example.com> <bart@example.com>", None),
        ("bart@example.com <anne@example.com>", None),
        ("Anne\n<anne@example.com>", None),
        ("Anne <anne@example.com>\n", None),
        ("Anne <anne@example.com>\0", None),
        ("Anne <anne@example.com> Bart", None),
        ("Anne <an ne@example.com>", None),
        ("Anne <anne@exa\u043cple.com>", None),
        ("Anne <anne@example.com", None),
        ("<<anne@example.com>>", None),
        ("", None),
    ],
)
def test_an_address_is_read_only_where_it_is_clear_which(text: str, address: str | None) -> None:
    """Two addresses, a line break, or characters that look like others: the user ID has no address."""
    (user_id,) = openpgp.inspect(forge_usable(text).public).user_ids
    assert user_id.address == address


@pytest.mark.parametrize("character", ["\n", "\r", "\x1b", "\u202e", "\u2066", "\u2028", "\x00"])
def test_the_text_of_a_user_id_cannot_mislead(character: str) -> None:
    """Control and direction characters are replaced before anybody sees them."""
    (user_id,) = openpgp.inspect(forge_usable(f"Anne{character}<anne@example.com>").public).user_ids
    assert character not in user_id.text
    assert "\N{REPLACEMENT CHARACTER}" in user_id.text


def test_user_ids_that_nobody_certified_are_not_listed() -> None:
    """Anybody can append a user ID to a certificate; only the owner's signature makes it one."""
    made = forge_usable(ANNE)
    made.forged_user_id("Bart <bart@example.com>")
    read = openpgp.read_certificate(made.public)
    assert read.addresses == {"anne@example.com"}
    assert refusal(openpgp.require_usable, read, "bart@example.com") is CertificateProblem.WRONG_ADDRESS


def test_a_user_id_certified_by_somebody_else_is_not_listed() -> None:
    """Another key's certification is not the owner's."""
    made, other = forge_usable(ANNE), forge_usable("Bart <bart@example.com>")
    raw = b"Bart <bart@example.com>"
    data = made.primary.hashed + b"\xb4" + len(raw).to_bytes(4, "big") + raw
    made.user_ids.append((raw.decode(), [signature(other.primary, 0x13, data, at=now() - DAY)]))
    assert openpgp.inspect(made.public).addresses == {"anne@example.com"}


def test_revoked_user_ids_are_not_listed() -> None:
    """An address that the owner has given up is not theirs."""
    made = forge_usable(ANNE)
    made.user_id("Anne <old@example.com>")
    made.revoke_user_id("Anne <old@example.com>", at=now() - DAY)
    assert openpgp.inspect(made.public).addresses == {"anne@example.com"}


# Whether it can be encrypted to


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
    assert refusal(openpgp.inspect, made.public) is CertificateProblem.POLICY
    assert refusal(openpgp.read_certificates, armored(made.public)) is CertificateProblem.POLICY


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
    assert refusal(openpgp.read_certificate, public) is CertificateProblem.POLICY


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


@pytest.mark.peer
def test_rsa_with_1024_bits_is_refused_by_policy(gpg: Gpg) -> None:
    """GnuPG still makes it when asked to."""
    gpg("--quick-generate-key", ANNE, "rsa1024", "cert,sign,encr", "1y")
    public = gpg("--export", "anne@example.com").stdout
    assert refusal(openpgp.read_certificate, public) is CertificateProblem.POLICY


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


@pytest.mark.peer
def test_an_encryption_capable_primary_key_counts(gpg: Gpg) -> None:
    """An RSA key that does everything by itself, without any subkey."""
    gpg("--quick-generate-key", ANNE, "rsa2048", "cert,sign,encr", "1y")
    read = openpgp.read_certificate(gpg("--export", "anne@example.com").stdout)
    assert read.usability.recipients == (read.key_id,)
    assert read.algorithm == "RSA 2048"


# What people send by mistake


def test_a_secret_key_is_refused() -> None:
    """However it is labelled, wherever it stands, and also when the rest is unreadable."""
    made, other = forge_usable(ANNE), forge_usable("Bart <bart@example.com>")
    for data in (
        made.secret,
        openpgp.armor(made.secret, "PGP PRIVATE KEY BLOCK"),
        armored(made.secret),
        armored(other.public) + b"and my key\n" + openpgp.armor(made.secret, "PGP PRIVATE KEY BLOCK"),
        openpgp.armor(made.secret, "PGP PRIVATE KEY BLOCK")[:200],
        made.secret + b"junk",
        other.public + made.secret,
        # A public primary key with one secret subkey
        made.public + packet(7, made.subkeys[0].key.secret_body),
    ):
        assert refusal(openpgp.read_certificates, data) is CertificateProblem.SECRET_KEY
    assert refusal(openpgp.inspect, made.secret) is CertificateProblem.SECRET_KEY


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"My key is on the keyserver.",
        openpgp.armor(literal(b"hello"), "PGP MESSAGE"),
        openpgp.armor(b"", "PGP PUBLIC KEY BLOCK"),
    ],
)
def test_no_key_at_all_is_told(data: bytes) -> None:
    """Text, a message, or nothing."""
    assert refusal(openpgp.read_certificates, data) is CertificateProblem.NO_KEY


def test_several_keys_are_read_but_none_is_chosen() -> None:
    """All are returned from text around several blocks or from one keyring; where one is wanted they are refused."""
    keys = [forge_usable(f"{name} <{name}@example.com>") for name in ("anne", "bart", "cris")]
    expected = [key.fingerprint for key in keys]
    text = b"Hello,\r\n" + b"and\r\n".join(armored(key.public) for key in keys) + b"bye\r\n"
    for data in (text, b"".join(key.public for key in keys), armored(b"".join(key.public for key in keys))):
        assert [read.fingerprint for read in openpgp.read_certificates(data)] == expected
        assert refusal(openpgp.read_certificate, data) is CertificateProblem.SEVERAL_KEYS
    assert refusal(openpgp.inspect, keys[0].public + keys[1].public) is CertificateProblem.SEVERAL_KEYS


def test_a_broken_key_is_told() -> None:
    """Cut off, or with something else between its packets."""
    made = forge_usable(ANNE)
    for data in (
        made.public[:-1],
        made.public[len(packet(6, made.primary.body)) :],
        packet(USER_ID, b"x") + made.public,
        made.public + literal(b"hello"),
        armored(made.public)[:-40],
        armored(made.public).replace(b"x", b"!"),
    ):
        assert refusal(openpgp.read_certificates, data) is CertificateProblem.BROKEN


def test_a_key_without_user_ids_has_the_wrong_address() -> None:
    """Key servers strip user IDs; the sentence says that the address is missing."""
    made = Forged(Key.signing(now() - DAY))
    made.bind(Key.encrypting(now() - DAY), ENCRYPT)
    assert refusal(openpgp.inspect, made.public) is CertificateProblem.WRONG_ADDRESS


def test_what_is_compressed_is_never_unpacked() -> None:
    """A certificate holds no compressed packet, so a bomb in one is refused before a library sees it."""
    made = forge_usable(ANNE)
    for inner in (compressed(made.public), made.public + bomb(1 << 20)):
        assert refusal(openpgp.inspect, inner) is CertificateProblem.BROKEN


def test_a_huge_upload_is_refused() -> None:
    """Before anything reads it."""
    assert refusal(openpgp.read_certificates, bytes(100_000_000)) is CertificateProblem.TOO_LARGE


def test_what_others_added_is_left_out() -> None:
    """Other people's signatures and pictures are dropped, so that nobody can make a certificate too large to use."""
    made, other = forge_usable(ANNE), Key.signing(now() - 100 * DAY)
    plain = openpgp.inspect(made.public).data
    text, signatures = made.user_ids[0]
    data = made.primary.hashed + b"\xb4" + len(text).to_bytes(4, "big") + text.encode()
    signatures.extend(signature(other, 0x10, data, at=now() - n) for n in range(2000))
    assert len(made.public) > 200_000
    assert openpgp.read_certificate(made.public + packet(17, b"\x02\x01x")).data == plain


def test_a_certificate_that_is_too_large_by_itself_is_refused() -> None:
    """Its owner's own signatures stay, up to a limit."""
    made = forge_usable(ANNE)
    for n in range(3000):
        made.user_id(ANNE, at=now() - n)
    assert refusal(openpgp.read_certificate, made.public) is CertificateProblem.TOO_LARGE


# Putting two copies together


def test_merging_extends_a_certificate() -> None:
    """An old and a new copy give one that has both; the order does not matter."""
    made = forge_usable(ANNE, lifetime=50 * DAY)
    old = made.public
    made.user_id(ANNE, at=now() - DAY, lifetime=400 * DAY, usage=CERTIFY | SIGN)
    made.user_id("Anne <new@example.com>", at=now() - DAY, lifetime=400 * DAY, usage=CERTIFY | SIGN)
    assert openpgp.inspect(old).usability.problem is CertificateProblem.EXPIRED
    for merged in (openpgp.merge(old, made.public), openpgp.merge(made.public, old)):
        assert merged.usability.usable
        assert merged.addresses == {"anne@example.com", "new@example.com"}


def test_merging_never_loses_a_revocation() -> None:
    """A copy from before the revocation cannot undo it."""
    made = forge_usable(ANNE)
    old = made.public
    made.revoke(at=now() - DAY)
    assert openpgp.merge(made.public, old).revoked


def test_different_keys_are_not_merged() -> None:
    """Even when they carry the same user ID."""
    with pytest.raises(ValueError, match="same primary key"):
        openpgp.merge(forge_usable(ANNE).public, forge_usable(ANNE).public)


def test_a_usable_certificate_of_that_address_is_let_through() -> None:
    """The address is compared without regard to case."""
    read = openpgp.inspect(forge_usable(ANNE).public)
    openpgp.require_usable(read)
    openpgp.require_usable(read, "Anne@Example.com")
    assert refusal(openpgp.require_usable, read, "bart@example.com") is CertificateProblem.WRONG_ADDRESS
