"""List keys of each kind: what is made, what programs make of it, and that all is done with each that is done with a list's key."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pysequoia
import pytest
from copies import recipient
from cryptography.exceptions import UnsupportedAlgorithm
from others import LIST_ADDRESSES

from mailman_pgp import openpgp
from mailman_pgp.openpgp import (
    CertificateProblem,
    ListKeyError,
    ListSecretKey,
    NewListKey,
    Profile,
    Reason,
    Status,
    hybrid,
)
from mailman_pgp.openpgp.memberkeys import KeyKind, MemberKey
from mailman_pgp.openpgp.packets import Tag, walk
from mailman_pgp.openpgp.subpackets import Areas, Subpacket, subpackets

if TYPE_CHECKING:
    from others import Gpg

EXPERIMENTAL = [Profile.V6, Profile.POST_QUANTUM]
CONTENT = b"The bridge is up.\r\n" * 40
PASSPHRASE = b"correct horse battery"


@pytest.fixture(scope="module")
def made() -> dict[Profile, NewListKey]:
    """A key of each kind."""
    return {profile: openpgp.generate("Ants", LIST_ADDRESSES, profile=profile) for profile in Profile}


@pytest.fixture(scope="module")
def members() -> dict[KeyKind, MemberKey]:
    """Members of several kinds."""
    kinds = (KeyKind.CURVE25519, KeyKind.NIST_P256, KeyKind.V6, KeyKind.POST_QUANTUM)
    return {kind: MemberKey.generate("Anne <anne@example.com>", kind) for kind in kinds}


def said(certificate: bytes, subpacket: Subpacket) -> list[bytes]:
    """All that a certificate says of something."""
    return [
        content
        for one in walk(certificate)
        if one.tag == Tag.SIGNATURE
        for kind, content in subpackets(Areas.of(one.body).hashed)
        if kind == subpacket
    ]


def test_what_is_made(made: dict[Profile, NewListKey]) -> None:
    """Version and algorithms of each; only version 6 announces SEIPDv2, and with which cipher it is to be."""
    shown = {one: (key.certificate.version, key.certificate.algorithm) for one, key in made.items()}
    assert shown == {
        Profile.USUAL: (4, "Ed25519 + X25519"),
        Profile.V6: (6, "Ed25519 + X25519"),
        Profile.POST_QUANTUM: (4, "Ed25519 + ML-KEM-768 + X25519"),
    }
    for profile, key in made.items():
        certificate = key.certificate
        assert openpgp.profile_of(certificate.data) is profile
        assert certificate.usability.usable
        assert certificate.usability.seipd == (2 if profile is Profile.V6 else 1)
        assert set(said(certificate.data, Subpacket.FEATURES)) == {b"\x09" if profile is Profile.V6 else b"\x01"}
        assert set(said(certificate.data, Subpacket.PREFERRED_AEAD)) == (
            {b"\x09\x02"} if profile is Profile.V6 else set()
        )
        assert certificate.addresses == set(LIST_ADDRESSES)


def test_version_6_names_its_maker_by_the_fingerprint_alone(made: dict[Profile, NewListKey]) -> None:
    """RFC 9580 §5.2.3.12 forbids the key ID; and no two signatures have the same salt."""
    bodies = [one.body for one in walk(made[Profile.V6].certificate.data) if one.tag == Tag.SIGNATURE]
    assert {body[0] for body in bodies} == {6}
    areas = [Areas.of(body) for body in bodies]
    assert not any(kind == Subpacket.ISSUER for one in areas for kind, _ in subpackets(one.hashed + one.unhashed))
    assert len({one.tail[2:35] for one in areas}) == len(areas)
    assert {one.tail[2] for one in areas} == {32}


@pytest.mark.parametrize("profile", EXPERIMENTAL, ids=str)
@pytest.mark.parametrize(
    "kind", [KeyKind.CURVE25519, KeyKind.NIST_P256, KeyKind.V6, KeyKind.POST_QUANTUM], ids=lambda kind: kind.name
)
def test_posts_and_copies(
    made: dict[Profile, NewListKey], members: dict[KeyKind, MemberKey], profile: Profile, kind: KeyKind
) -> None:
    """What members write is opened, with the verdict on who wrote it; and they read copies signed by the list."""
    key, member = made[profile], members[kind]
    opened = openpgp.open_message(member.write(CONTENT, key.certificate.data), [key.secret], [member.certificate])
    assert opened.content == CONTENT
    assert [(one.status, one.fingerprint) for one in opened.signatures] == [(Status.GOOD, member.fingerprint)]
    signer = ListSecretKey(key.secret)
    assert signer.micalg == "pgp-sha512"
    (copy,) = openpgp.fan_out(CONTENT, [recipient("anne@example.com", member.certificate)], signer)
    read = member.read(copy.head + copy.tail, key.certificate.data)
    assert (read.content, read.signed_by) == (CONTENT, key.certificate.fingerprint)


@pytest.mark.parametrize("profile", EXPERIMENTAL, ids=str)
def test_beside_the_text(made: dict[Profile, NewListKey], profile: Profile) -> None:
    """A detached signature is good by the list's certificate."""
    key = made[profile]
    signature = ListSecretKey(key.secret).sign_detached(CONTENT)
    (verdict,) = openpgp.verify_detached(CONTENT, signature, [key.certificate.data])
    assert (verdict.status, verdict.fingerprint) == (Status.GOOD, key.certificate.fingerprint)


@pytest.mark.parametrize("profile", EXPERIMENTAL, ids=str)
def test_extended_and_revoked(made: dict[Profile, NewListKey], profile: Profile) -> None:
    """It lives longer, and is ended by itself and by what was made with it, for everybody who has it."""
    key = made[profile]
    until = datetime.now(UTC).replace(tzinfo=None, microsecond=0) + timedelta(days=4000)
    secret, longer = openpgp.extend(key.secret, until)
    assert (longer.expires, longer.fingerprint) == (until, key.certificate.fingerprint)
    assert openpgp.profile_of(longer.data) is profile
    assert openpgp.merge(key.certificate.data, longer.data).expires == until
    assert openpgp.end(secret, longer.data, Reason.RETIRED, "Moved").revoked
    by_file = openpgp.revoke(longer.data, openpgp.read_revocation(key.revocation))
    assert by_file is not None
    assert by_file.revoked


@pytest.mark.parametrize("profile", EXPERIMENTAL, ids=str)
def test_kept_under_a_passphrase(made: dict[Profile, NewListKey], profile: Profile) -> None:
    """What is exported is used by another program with the passphrase, comes back bit by bit, and can be a list's again."""
    key = made[profile]
    protected = openpgp.protect(key.secret, PASSPHRASE)
    message = pysequoia.encrypt(CONTENT, [pysequoia.Cert.from_bytes(key.certificate.data)], armor=False)
    other = pysequoia.Tsk.from_bytes(protected)
    assert pysequoia.decrypt(message, other.decryptor(PASSPHRASE.decode())).bytes == CONTENT
    assert openpgp.read_secret_key(protected, PASSPHRASE) == key.secret
    for passphrase, problem in (
        (None, CertificateProblem.LOCKED),
        (b"another one", CertificateProblem.WRONG_PASSPHRASE),
    ):
        with pytest.raises(ListKeyError) as refused:
            openpgp.read_secret_key(protected, passphrase)
        assert refused.value.problem is problem
    brought, left_out = openpgp.adopt(openpgp.read_secret_key(protected, PASSPHRASE), "Ants", LIST_ADDRESSES)
    assert not left_out
    assert openpgp.profile_of(brought.certificate.data) is profile
    assert brought.certificate.fingerprint == key.certificate.fingerprint


def test_a_key_of_version_6_as_programs_make_it() -> None:
    """It is taken with what it says written anew, and opens what was written to it before."""
    drawn = pysequoia.Tsk.generate(f"Ants <{LIST_ADDRESSES[0]}>", profile=pysequoia.Profile.RFC9580)
    message = pysequoia.encrypt(CONTENT, [drawn.extract_certificate()], armor=False)
    brought, _ = openpgp.adopt(openpgp.read_secret_key(bytes(drawn), None), "Ants", LIST_ADDRESSES)
    assert openpgp.profile_of(brought.certificate.data) is Profile.V6
    assert openpgp.open_message(message, [brought.secret], []).content == CONTENT
    assert ListSecretKey(brought.secret).sign_detached(CONTENT)


@pytest.mark.parametrize("successor", Profile, ids=str)
@pytest.mark.parametrize("former", Profile, ids=str)
def test_one_follows_another(made: dict[Profile, NewListKey], former: Profile, successor: Profile) -> None:
    """A key of version 4 vouches for one of each kind, one of version 6 for another of version 6, never for one of version 4."""
    before, after = made[former], openpgp.generate("Ants", LIST_ADDRESSES, profile=successor).certificate
    packets = openpgp.vouch(before.secret, after.data)
    handed = openpgp.with_vouching(after.data, packets)
    assert openpgp.inspect(handed).usability.usable
    versions = [one.body[0] for one in walk(packets)]
    if former is not Profile.V6:
        assert versions == [4] * len(LIST_ADDRESSES)
        certified = openpgp.certifications(after.data, handed, before.certificate.data)
        assert {one.signer for one in certified} == {before.certificate.fingerprint}
        assert len(certified) == len(LIST_ADDRESSES)
    else:
        assert versions == ([6] * len(LIST_ADDRESSES) if successor is Profile.V6 else [])


def test_gpg_imports_what_follows_a_key_of_version_6(made: dict[Profile, NewListKey], gpg: Gpg) -> None:
    """One certification of version 6 would keep it from the whole certificate."""
    after = made[Profile.USUAL].certificate
    handed = openpgp.with_vouching(after.data, openpgp.vouch(made[Profile.V6].secret, after.data))
    gpg("--import", data=handed)
    assert after.fingerprint.encode() in gpg("--with-colons", "--list-keys").stdout


@pytest.mark.parametrize("profile", EXPERIMENTAL, ids=str)
def test_nothing_secret_is_shown(made: dict[Profile, NewListKey], profile: Profile) -> None:
    """By no repr of anything that holds a key."""
    key = made[profile]
    for one in (key, ListSecretKey(key.secret)):
        assert repr(one) == f"{type(one).__name__}({key.certificate.fingerprint})"


def test_with_a_part_of_before_beside_ml_kem(made: dict[Profile, NewListKey]) -> None:
    """It is not called post-quantum: programs encrypt to every part, and the weakest decides."""
    usual = made[Profile.USUAL].certificate.data
    encrypting = [usual[one.start : one.end] for one in walk(usual) if one.tag == Tag.PUBLIC_SUBKEY][-1]
    assert openpgp.profile_of(made[Profile.POST_QUANTUM].certificate.data + encrypting) is Profile.USUAL


def test_what_is_damaged_is_of_the_usual_kind(made: dict[Profile, NewListKey]) -> None:
    """So that a list with a damaged certificate can be looked at, and others beside it."""
    for damaged in (b"", b"x", b"\xc6\x00", made[Profile.V6].certificate.data[:20]):
        assert openpgp.profile_of(damaged) is Profile.USUAL


def test_without_ml_kem(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where `cryptography` has none, it is said what to install; other kinds are made."""

    class Without:
        @staticmethod
        def generate() -> None:
            raise UnsupportedAlgorithm("ML-KEM is not supported.")

    monkeypatch.setattr(hybrid, "MLKEM768PrivateKey", Without)
    with pytest.raises(ListKeyError, match="no ML-KEM"):
        openpgp.generate("Ants", LIST_ADDRESSES, profile=Profile.POST_QUANTUM)
    assert openpgp.generate("Ants", LIST_ADDRESSES, profile=Profile.V6)


def test_who_is_counted(members: dict[KeyKind, MemberKey]) -> None:
    """Whose certificates do not tell of a program that can deal with a kind."""
    certificates = [openpgp.inspect(one.certificate) for one in members.values()]
    assert {one: len(openpgp.without(one, certificates)) for one in Profile} == {
        Profile.USUAL: 0,
        Profile.V6: 2,
        Profile.POST_QUANTUM: 3,
    }
