"""The secret keys of lists."""

from __future__ import annotations

import traceback
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pysequoia
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keys import DAY, SIGN, Key, forge, forge_usable, now
from others import LIST_ADDRESSES, make_member
from pysequoia.packet import PacketPile, PublicKeyAlgorithm, SignatureType

from mailman_pgp.openpgp import listkeys
from mailman_pgp.openpgp.armor import PUBLIC_KEY, dearmor
from mailman_pgp.openpgp.certificates import inspect
from mailman_pgp.openpgp.errors import CertificateError, CertificateProblem, PacketError
from mailman_pgp.openpgp.packets import Tag, packet, pkesk_recipient, walk
from mailman_pgp.openpgp.signingkeys import SigningKey

if TYPE_CHECKING:
    from pathlib import Path

    from others import Gpg, Peer, Rnp, Sq


REVOKED_BY_GPG = b"rev:"


def first_packets(message: bytes) -> tuple[str, int]:
    """For whom a message is, and the version of its SEIPD packet."""
    pkesk, seipd, *_ = walk(dearmor(message))
    return pkesk_recipient(pkesk), seipd.body[0]


def test_a_list_key_is_what_everybody_can_write_to(list_key: listkeys.NewListKey) -> None:
    """Version 4 with Curve25519; no RSA, whose implementation below leaks through timing."""
    keys = [one for one in PacketPile.from_bytes(list_key.certificate.data) if one.fingerprint]
    kinds = [int(key.key_algorithm) for key in keys]
    assert kinds == [int(PublicKeyAlgorithm.EdDSA), int(PublicKeyAlgorithm.EdDSA), int(PublicKeyAlgorithm.ECDH)]
    assert list_key.certificate.version == 4


def test_its_user_ids_are_the_addresses_of_the_list(list_key: listkeys.NewListKey) -> None:
    """Mail clients find the key for the posting, -request and -owner address, each verified."""
    assert list_key.certificate.addresses == set(LIST_ADDRESSES)


def test_the_library_writes_seipd_version_1_to_it(list_key: listkeys.NewListKey) -> None:
    """Its features promise no more, so senders write what every program can read; the library's own keys do not."""
    message = pysequoia.encrypt(b"", [pysequoia.Cert.from_bytes(list_key.certificate.data)], armor=False)
    assert first_packets(message) == (list_key.certificate.usability.recipients[0], 1)
    assert list_key.certificate.usability.seipd == 1
    librarys = pysequoia.Tsk.generate("ants@example.com", profile=pysequoia.Profile.RFC4880).extract_certificate()
    assert first_packets(pysequoia.encrypt(b"", [librarys], armor=False))[1] == 2


def test_it_expires(list_key: listkeys.NewListKey) -> None:
    """After three years where nothing else is asked for."""
    expires = list_key.certificate.expires
    assert expires is not None
    assert expires - list_key.certificate.created == timedelta(days=1095)
    short = listkeys.generate("Ants", LIST_ADDRESSES, validity_days=1).certificate
    assert short.expires is not None
    assert short.expires - short.created == timedelta(days=1)
    assert short.usability.until == short.expires


def test_every_subkey_and_user_id_is_bound_by_us(list_key: listkeys.NewListKey) -> None:
    """The library accepts each self-signature, also without the user IDs, as some key servers hand keys out."""
    cert = pysequoia.Cert.from_bytes(list_key.certificate.data)
    assert len(cert.user_ids) == len(LIST_ADDRESSES)
    kept, with_user_id = b"", False
    for one in walk(list_key.certificate.data):
        with_user_id = one.tag == Tag.USER_ID or (with_user_id and one.tag == Tag.SIGNATURE)
        if not with_user_id:
            kept += list_key.certificate.data[one.start : one.end]
    bare = pysequoia.Cert.from_bytes(kept)
    assert bare.user_ids == []
    assert bare.expiration == cert.expiration
    assert pysequoia.encrypt(b"", [bare])


def test_it_can_be_extended(list_key: listkeys.NewListKey) -> None:
    """A new expiry date by the library keeps SEIPDv1: it copies our self-signatures."""
    tsk = pysequoia.Tsk.from_bytes(list_key.secret)
    until = datetime.now(UTC).replace(microsecond=0) + timedelta(days=3000)
    longer = inspect(bytes(tsk.extract_certificate().set_expiration(until, tsk.certifier())))
    assert longer.expires == until.replace(tzinfo=None)
    assert longer.usability.seipd == 1
    assert longer.usability.usable


def test_the_revocation_certificate_revokes_the_key(list_key: listkeys.NewListKey) -> None:
    """It is kept apart: the key is good without it, and revoked for good with it."""
    assert not list_key.certificate.revoked
    revocation = dearmor(list_key.revocation, kinds={PUBLIC_KEY})
    (signature,) = PacketPile.from_bytes(revocation)
    assert signature.signature_type == SignatureType.KeyRevocation
    assert revocation not in list_key.secret
    parts = [list_key.certificate.data[one.start : one.end] for one in walk(list_key.certificate.data)]
    revoked = inspect(b"".join([parts[0], revocation, *parts[1:]]))
    assert revoked.revoked
    assert revoked.usability.problem is CertificateProblem.REVOKED


@pytest.mark.parametrize(
    "name",
    [
        "Ants",
        "",
        "Ameisen & Käfer",
        "A, B",
        '"Ants" <evil@example.org>',
        "a@b",
        "two\nlines",
        "\u202eevil\u202c",
        "x" * 300,
    ],
)
def test_no_name_of_a_list_changes_its_addresses(name: str) -> None:
    """Whatever the list is called, its user IDs hold its addresses and nobody else's."""
    made = listkeys.generate(name, LIST_ADDRESSES)
    assert made.certificate.addresses == set(LIST_ADDRESSES)
    assert len(made.certificate.user_ids) == 3


@settings(max_examples=15)
@given(st.text(max_size=60))
def test_no_text_as_name_changes_its_addresses(name: str) -> None:
    """The same for names that nobody thought of."""
    assert listkeys.generate(name, LIST_ADDRESSES[:1]).certificate.addresses == {LIST_ADDRESSES[0]}


@pytest.mark.parametrize(
    "addresses", [[], ["ants"], ["ants@example.com> <x@example.com"], ["a b@example.com"], ["a@b\n"]]
)
def test_what_is_no_address_is_refused(addresses: list[str]) -> None:
    """A key for no address, or for what is none, is not made."""
    with pytest.raises(ValueError, match="address"):
        listkeys.generate("Ants", addresses)


@pytest.mark.parametrize("days", [0, -1, 100_000])
def test_no_key_is_valid_for_ever_or_not_at_all(days: int) -> None:
    """A list key always has an expiry date, and it lies ahead."""
    with pytest.raises(ValueError, match="valid"):
        listkeys.generate("Ants", LIST_ADDRESSES, validity_days=days)


def test_keys_are_not_alike() -> None:
    """Each list has its own key."""
    assert len({listkeys.generate("Ants", LIST_ADDRESSES).certificate.fingerprint for _ in range(3)}) == 3


def test_a_signature_is_over_exactly_these_bytes(list_signer: listkeys.ListSecretKey) -> None:
    """It is a binary one: another line end is another text."""
    signature = list_signer.sign_detached(b"text\r\n")
    cert = pysequoia.Cert.from_bytes(list_signer.certificate_data)
    sig = pysequoia.Sig.from_bytes(signature)
    assert sig.signature_type == SignatureType.Binary
    assert pysequoia.verify(b"text\r\n", lambda _ids: [cert], signature=sig).valid_sigs
    with pytest.raises(RuntimeError):
        pysequoia.verify(b"text\n", lambda _ids: [cert], signature=sig)


@pytest.mark.parametrize(
    "suite", [pysequoia.CipherSuite.Cv25519, pysequoia.CipherSuite.P384, pysequoia.CipherSuite.Cv448], ids=str
)
def test_micalg_is_the_hash_in_use(suite: pysequoia.CipherSuite) -> None:
    """The name that goes into the Content-Type is the one in the signature."""
    key = listkeys.ListSecretKey(make_member("ants@example.com", suite, pysequoia.Profile.RFC9580).secret)
    used = pysequoia.Sig.from_bytes(key.sign_detached(b"text")).hash_algorithm
    assert key.micalg == {8: "pgp-sha256", 9: "pgp-sha384", 10: "pgp-sha512"}[_hash_id(key)], used


def _hash_id(key: listkeys.ListSecretKey) -> int:
    """The hash algorithm as it stands in a version 4 or 6 signature packet."""
    (signature,) = walk(dearmor(key.sign_detached(b"text")))
    return signature.body[3]


def test_a_revoked_key_does_not_sign() -> None:
    """The library would sign with it."""
    made = forge_usable("ants@example.com")
    made.bind(Key.signing(made.primary.created), SIGN)
    made.revoke(at=now() - DAY)
    assert pysequoia.sign(pysequoia.Tsk.from_bytes(made.secret).signer(), b"text")
    key = listkeys.ListSecretKey(made.secret)
    with pytest.raises(CertificateError) as caught:
        key.sign_detached(b"text")
    assert caught.value.problem is CertificateProblem.REVOKED
    assert "make a new one" in str(caught.value)


def test_an_expired_key_does_not_sign() -> None:
    """Neither does one whose time is over."""
    made = forge_usable("ants@example.com", age=10 * DAY, lifetime=9 * DAY)
    key = listkeys.ListSecretKey(made.secret)
    with pytest.raises(CertificateError) as caught:
        key.sign_detached(b"text")
    assert caught.value.problem is CertificateProblem.EXPIRED


def test_a_key_that_expires_while_it_is_loaded_does_not_sign(list_key: listkeys.NewListKey) -> None:
    """The library looks at the date only once, when the signer is made; a runner lives for months."""
    key = listkeys.ListSecretKey(list_key.secret)
    assert key.sign_detached(b"text")
    key._expires = datetime.now(UTC) - timedelta(seconds=1)
    with pytest.raises(CertificateError) as caught:
        key.sign_detached(b"text")
    assert caught.value.problem is CertificateProblem.EXPIRED


@pytest.mark.parametrize(
    "secret", [b"", b"text", packet(Tag.SECRET_KEY, b"\x04"), forge_usable("x@example.com").public]
)
def test_what_is_no_secret_key_is_refused(secret: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a sentence of ours, and nothing of what the library says, which may hold a stack backtrace."""
    monkeypatch.setenv("RUST_BACKTRACE", "1")
    with pytest.raises(CertificateError) as caught:
        listkeys.ListSecretKey(secret)
    assert caught.value.problem in {CertificateProblem.BROKEN, CertificateProblem.POLICY}
    shown = "".join(traceback.format_exception(caught.value))
    assert "RuntimeError" not in shown
    assert "backtrace" not in shown.lower()


def test_a_key_from_the_future_tells_of_the_clock() -> None:
    """Nothing is wrong with the key of a list when the clock was set back behind it."""
    with pytest.raises(CertificateError, match="clock") as caught:
        listkeys.ListSecretKey(forge_usable("ants@example.com", age=-DAY).secret)
    assert caught.value.problem is CertificateProblem.NOT_YET_VALID


def test_a_key_that_may_not_sign_is_refused() -> None:
    """When it is loaded, not when the first post waits for it."""
    made = forge("ants@example.com")
    made.user_ids.clear()
    made.user_id("ants@example.com", usage=0x01)
    with pytest.raises(CertificateError) as caught:
        listkeys.ListSecretKey(made.secret)
    assert caught.value.problem is CertificateProblem.POLICY
    made.bind(Key.signing(made.primary.created), SIGN)
    assert listkeys.ListSecretKey(made.secret).sign_detached(b"text")


def test_nothing_secret_is_shown(list_key: listkeys.NewListKey, list_signer: listkeys.ListSecretKey) -> None:
    """Representations hold the fingerprint only, and the certificate holds no secret."""
    fingerprint = list_key.certificate.fingerprint
    assert repr(list_key) == f"NewListKey({fingerprint})"
    assert repr(list_signer) == f"ListSecretKey({fingerprint})"
    secret = next(walk(list_key.secret)).body
    public = next(walk(list_key.certificate.data)).body
    assert repr(SigningKey.from_packets(public, secret)) == f"SigningKey({fingerprint})"
    assert not {Tag.SECRET_KEY, Tag.SECRET_SUBKEY} & {one.tag for one in walk(list_signer.certificate_data)}


@settings(max_examples=40)
@given(st.binary(max_size=60), st.integers(0, 120))
def test_other_key_packets_are_refused(noise: bytes, cut: int) -> None:
    """A key packet that is not an unprotected Ed25519 key of version 4 gives PacketError and nothing else."""
    made = forge("ants@example.com").primary
    with pytest.raises(PacketError):
        SigningKey.from_packets(made.body, made.body + noise)
    with pytest.raises(PacketError):
        SigningKey.from_packets(made.body, made.secret_body[: min(cut, len(made.secret_body) - 1)])
    with pytest.raises(PacketError):
        SigningKey.from_packets(noise, noise)


@pytest.mark.peer
def test_other_programs_write_to_it(other: Peer, list_key: listkeys.NewListKey) -> None:
    """Gpg 2.2, sq, rnp, sqop and gosop import it, write SEIPDv1 to it, and we can open that."""
    message = other.encrypt(b"text\n", list_key.certificate.data, LIST_ADDRESSES[1])
    assert first_packets(message) == (list_key.certificate.usability.recipients[0], 1)
    tsk = pysequoia.Tsk.from_bytes(list_key.secret)
    assert pysequoia.decrypt(message, tsk.decryptor()).bytes == b"text\n"


@pytest.mark.peer
def test_gpg_sees_the_whole_key(gpg: Gpg, list_key: listkeys.NewListKey) -> None:
    """All user IDs, the posting address first, and the expiry date on every part."""
    gpg("--import", data=list_key.certificate.data)
    lines = [line.split(b":") for line in gpg("--with-colons", "--list-keys").stdout.splitlines()]
    user_ids = [line[9].decode() for line in lines if line[0] == b"uid"]
    assert user_ids[0] == f"Ants <{LIST_ADDRESSES[0]}>"
    assert sorted(user_ids) == sorted(f"Ants <{address}>" for address in LIST_ADDRESSES)
    expires = list_key.certificate.expires
    assert expires is not None
    (primary,) = [line for line in lines if line[0] == b"pub"]
    assert int(primary[6]) == int(expires.replace(tzinfo=UTC).timestamp())
    assert {line[11] for line in lines if line[0] == b"sub"} == {b"s", b"e"}


@pytest.mark.peer
def test_other_programs_verify_its_signatures(
    gpg: Gpg, sq: Sq, tmp_path: Path, list_key: listkeys.NewListKey, list_signer: listkeys.ListSecretKey
) -> None:
    """A detached signature is good for gpg and sq."""
    text, signature, certificate = tmp_path / "text", tmp_path / "text.asc", tmp_path / "certificate"
    text.write_bytes(b"text\r\n")
    signature.write_bytes(list_signer.sign_detached(b"text\r\n"))
    certificate.write_bytes(list_key.certificate.data)
    gpg("--import", data=list_key.certificate.data)
    assert b"[GNUPG:] GOODSIG " in gpg("--verify", signature, text).stderr
    done = sq.run("verify", "--signer-cert", certificate, "--detached", signature, text)
    assert b"Good signature" in done.stderr


@pytest.mark.peer
def test_gpg_revokes_the_key_by_the_revocation_certificate(gpg: Gpg, list_key: listkeys.NewListKey) -> None:
    """Importing it is all that is needed, and gpg reads it without complaint."""
    gpg("--import", data=list_key.certificate.data)
    assert not gpg("--with-colons", "--list-keys").stdout.startswith(b"pub:r:")
    done = gpg("--import", data=list_key.revocation)
    assert b"radix64" not in done.stderr
    (primary,) = [line for line in gpg("--with-colons", "--list-keys").stdout.splitlines() if line.startswith(b"pub:")]
    assert primary.startswith(b"pub:r:")
    refused = gpg("--trust-model", "always", "-r", LIST_ADDRESSES[0], "--encrypt", data=b"text", check=False)
    assert refused.returncode


@pytest.mark.peer
def test_rnp_revokes_the_key_by_the_revocation_certificate(rnp: Rnp, list_key: listkeys.NewListKey) -> None:
    """And so does Thunderbird's library."""
    rnp.load(list_key.certificate.data)
    assert b"REVOKED" not in rnp.list_keys()
    rnp.load(list_key.revocation)
    assert b"REVOKED" in rnp.list_keys()
