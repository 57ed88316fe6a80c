"""What people hand in by mistake is refused with a named problem, and what others added is left out."""

from __future__ import annotations

import pytest
from certificates import ANNE, armored, problem_of, refusal
from keys import DAY, ENCRYPT, USER_ID, Forged, Key, forge_usable, now, packet, signature
from messages import bomb, compressed, literal

from mailman_pgp import openpgp
from mailman_pgp.openpgp import CertificateProblem


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
    assert problem_of(made.public) is CertificateProblem.WRONG_ADDRESS


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
    for n in range(1500):
        made.user_id(ANNE, at=now() - n)
    assert refusal(openpgp.read_certificate, made.public) is CertificateProblem.TOO_LARGE


def test_a_certificate_of_too_many_parts_is_refused() -> None:
    """Each user ID and each subkey takes time and memory with each post; what others added to it does not count."""
    people, devices = forge_usable(ANNE), forge_usable(ANNE)
    for n in range(63):
        people.user_id(f"Anne {n} <{n}@example.com>")
        devices.bind(Key.encrypting(now() - 50 * DAY), ENCRYPT)
    for made in (people, devices):
        made.forged_user_id("Anne")
        openpgp.require_usable(openpgp.read_certificate(made.public), "anne@example.com")
    people.user_id("Anne 64 <64@example.com>")
    devices.bind(Key.encrypting(now() - 50 * DAY), ENCRYPT)
    for made in (people, devices):
        assert refusal(openpgp.read_certificate, made.public) is CertificateProblem.TOO_MANY_PARTS
