"""What a certificate says: of its keys, and of whom it belongs to."""

from __future__ import annotations

import pysequoia
import pytest
from certificates import ANNE, armored, naive, refusal
from keys import DAY, forge_usable, now, signature

from mailman_pgp import openpgp
from mailman_pgp.openpgp import CertificateProblem

# Its keys


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


# Its user IDs


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
