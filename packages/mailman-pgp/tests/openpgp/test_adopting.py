"""A secret key from elsewhere becomes a list's, or is refused with what to do."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pysequoia
import pytest
from keys import CERTIFY, DAY, ENCRYPT, SIGN, Forged, Key, features, forge, forge_usable, now, packet
from others import LIST_ADDRESSES, Gpg, make_rsa_member_without_seipd2

from mailman_pgp import openpgp
from mailman_pgp.openpgp import (
    CertificateProblem,
    ListKeyError,
    ListSecretKey,
    adopt,
    holds_rsa,
    hybrid,
    listkeys,
    protect,
    read_secret_key,
    selfsign,
)
from mailman_pgp.openpgp.armor import PRIVATE_KEY, PUBLIC_KEY, armor
from mailman_pgp.openpgp.features import announces_seipd2
from mailman_pgp.openpgp.key_packets import sort
from mailman_pgp.openpgp.memberkeys import KeyKind, MemberKey
from mailman_pgp.openpgp.packets import Tag, walk
from mailman_pgp.openpgp.selfsign import Flags
from mailman_pgp.openpgp.signingkeys import SigningKey

if TYPE_CHECKING:
    from collections.abc import Callable

    from others import Peer

ANTS = f"Ants <{LIST_ADDRESSES[0]}>"
NEWER_GNUPG = features(0x07)  # that it reads what only GnuPG writes


def usual(**kwargs: int) -> Forged:
    """A key as a program makes it, that names the list."""
    return forge_usable(ANTS, **kwargs)


def refused(data: bytes, passphrase: bytes | None = None) -> CertificateProblem:
    """Why a file is refused; the sentence says something."""
    with pytest.raises(ListKeyError) as error:
        adopt(read_secret_key(data, passphrase), "Ants", LIST_ADDRESSES)
    assert str(error.value).endswith(".")
    return error.value.problem


def test_becomes_the_list_s() -> None:
    """The same key, armored or binary, with the list's user IDs, the one that it had first; it signs, opens, and ends."""
    made = usual()
    for data in (made.secret, armor(made.secret, PRIVATE_KEY)):
        new, _ = adopt(read_secret_key(data, None), "Ants", LIST_ADDRESSES)
        assert new.certificate.fingerprint == made.fingerprint
        assert {user_id.text for user_id in new.certificate.user_ids} == {f"Ants <{one}>" for one in LIST_ADDRESSES}
        assert new.certificate.usability.usable
        assert ListSecretKey(new.secret).sign_detached(b"text")
        message = pysequoia.encrypt(b"text", [pysequoia.Cert.from_bytes(new.certificate.data)], armor=False)
        assert openpgp.open_message(message, [new.secret], []).content == b"text"
        years = new.certificate.expires and new.certificate.expires - datetime.now(UTC).replace(tzinfo=None)
        assert years is not None
        assert timedelta(days=1090) < years < timedelta(days=1100)
        revocation = openpgp.read_revocation(new.revocation)
        assert openpgp.revoke(new.certificate.data, revocation)


def test_its_own_end_stays() -> None:
    """A key that expires does so at the time that it has said."""
    made = usual(lifetime=200 * DAY)
    new, _ = adopt(read_secret_key(made.secret, None), "Ants", LIST_ADDRESSES)
    assert new.certificate.expires == openpgp.inspect(made.public).expires


def test_what_others_may_write_to_it() -> None:
    """What is announced is what we open: whoever has the older copy takes the newer word."""
    made = Forged(Key.signing(now() - 100 * DAY))
    made.user_id(ANTS, usage=CERTIFY | SIGN, says=NEWER_GNUPG)
    made.bind(Key.encrypting(now() - 100 * DAY), ENCRYPT)
    new, _ = adopt(read_secret_key(made.secret, None), "Ants", LIST_ADDRESSES)
    merged = openpgp.merge(made.public, new.certificate.data)
    assert merged.usability.seipd == 1
    assert not announces_seipd2(sort(new.certificate.data), datetime.now(UTC).replace(tzinfo=None))
    said = [one.body for one in walk(new.certificate.data) if one.tag == Tag.SIGNATURE]
    assert not any(NEWER_GNUPG in body for body in said)


def test_other_user_ids_are_left_out() -> None:
    """Nobody's program takes the list's key for somebody else's, whom it named too."""
    made = usual()
    made.user_id("Anne <anne@example.com>", usage=CERTIFY | SIGN)
    new, left_out = adopt(read_secret_key(made.secret, None), "Ants", LIST_ADDRESSES)
    assert left_out == ("Anne <anne@example.com>",)
    assert new.certificate.addresses == set(LIST_ADDRESSES)
    assert b"anne@example.com" not in new.certificate.data


def test_one_that_does_not_name_the_list() -> None:
    """A key of somebody else is no list's, as long as nobody has put the list's address into it."""
    assert refused(forge_usable("Anne <anne@example.com>").secret) is CertificateProblem.WRONG_ADDRESS
    assert refused(forge_usable(f"Ants <{LIST_ADDRESSES[1]}>").secret) is CertificateProblem.WRONG_ADDRESS


def test_older_encryption_subkeys_stay() -> None:
    """What was encrypted to a part of the key that has expired is still opened."""
    made = usual()
    old = made.bind(Key.encrypting(now() - 90 * DAY), ENCRYPT, lifetime=10 * DAY)
    new, _ = adopt(read_secret_key(made.secret, None), "Ants", LIST_ADDRESSES)
    assert old.fingerprint in {key.fingerprint for key in sort(new.secret).keys}
    assert len(new.certificate.usability.recipients) == 1


def test_a_passphrase() -> None:
    """It is asked for where there is one, and opens; another one does not."""
    made = usual()
    protected = protect(made.secret, b"a long passphrase")
    assert refused(protected) is CertificateProblem.LOCKED
    assert refused(protected, b"another") is CertificateProblem.WRONG_PASSPHRASE
    assert read_secret_key(protected, b"a long passphrase") == read_secret_key(made.secret, None)
    assert read_secret_key(made.secret, b"not needed")


def test_a_primary_key_that_signs_goes_on_doing_so() -> None:
    """Also after it was extended."""
    new, _ = adopt(read_secret_key(usual().secret, None), "Ants", LIST_ADDRESSES)
    until = (datetime.now(UTC) + timedelta(days=2000)).replace(tzinfo=None, microsecond=0)
    longer, made = openpgp.extend(new.secret, until)
    assert ListSecretKey(longer).sign_detached(b"text")
    assert made.usability.usable


def _expired() -> bytes:
    return usual(lifetime=10 * DAY).secret


def _revoked() -> bytes:
    made = usual()
    made.revoke(at=now() - DAY)
    return made.secret


def _without_encryption() -> bytes:
    return forge(ANTS).secret


def _weak() -> bytes:
    return usual(digest="sha1").secret


def _several() -> bytes:
    return armor(usual().secret, PRIVATE_KEY) + armor(usual().secret, PRIVATE_KEY)


def _public() -> bytes:
    return armor(usual().public, PUBLIC_KEY)


def _large() -> bytes:
    return usual().secret + bytes(100 * 2**20)


def _of_the_future() -> bytes:
    return usual(age=-10 * DAY).secret


def _without_signing() -> bytes:
    made = Forged(Key.signing(now() - 100 * DAY))
    made.user_id(ANTS, usage=CERTIFY)
    made.bind(Key.encrypting(now() - 100 * DAY), ENCRYPT)
    return made.secret


def _stub() -> bytes:
    """As GnuPG exports a key whose primary part is kept elsewhere."""
    made = usual()
    (first, *others) = walk(made.secret)
    stub = made.primary.body + bytes([254, 7, 101, 8]) + b"GNU\x01"
    return packet(first.tag, stub) + made.secret[others[0].start :]


def _one_subkey_without() -> bytes:
    made = usual()
    subkey = next(one for one in walk(made.secret) if one.tag == Tag.SECRET_SUBKEY)
    public = packet(Tag.PUBLIC_SUBKEY, made.subkeys[0].key.body)
    return made.secret[: subkey.start] + public + made.secret[subkey.end :]


def _halves_of_two(what: int) -> bytes:
    """Public half of one key, secret half of another: a signature with it would tell the secret."""
    made, other = usual(), usual()
    keys = [one for one in walk(made.secret) if one.tag == what]
    secret = (other.primary if what == Tag.SECRET_KEY else other.subkeys[0].key).secret_body
    own = made.primary.body if what == Tag.SECRET_KEY else made.subkeys[0].key.body
    mixed = packet(what, own + secret[len(own) :])
    return made.secret[: keys[0].start] + mixed + made.secret[keys[0].end :]


def _signing_by_ml_dsa() -> bytes:
    return MemberKey.generate(ANTS, KeyKind.POST_QUANTUM).secret


def _encrypted_to_by_ml_kem_1024() -> bytes:
    """Of version 6 otherwise: what only one of the libraries opens, without its signatures."""
    usual_one = pysequoia.Tsk.generate(ANTS, profile=pysequoia.Profile.RFC9580)
    stronger = MemberKey.generate(ANTS, KeyKind.POST_QUANTUM_448)
    tags = (Tag.PUBLIC_SUBKEY, Tag.SECRET_SUBKEY)
    public, secret = (
        next(one.body for one in walk(data) if one.tag == tag and one.body[5] == 36)
        for data, tag in zip((stronger.certificate, stronger.secret), tags, strict=True)
    )
    drawn = listkeys._drawn(usual_one, now() - DAY)
    return listkeys._bound_anew(replace(drawn, encrypting=(public, secret)), [ANTS], now() - DAY, 300 * DAY)


def _nist() -> bytes:
    return bytes(
        pysequoia.Tsk.generate(ANTS, profile=pysequoia.Profile.RFC4880, cipher_suite=pysequoia.CipherSuite.P256)
    )


def _halves_of_two_beside_whole_ones(pair: Callable[[], tuple[bytes, bytes]]) -> bytes:
    """A second part to be encrypted to, of which no secret half opens anything: some programs would encrypt to this one alone."""
    made, (public, _), (_, secret) = usual(), pair(), pair()
    primary = SigningKey.from_packets(made.primary.body, made.primary.secret_body)
    mixed = public + secret[len(public) :]
    bound = selfsign.binding(primary, public, Flags.ENCRYPT, created=now() - DAY)
    return made.secret + packet(Tag.SECRET_SUBKEY, mixed) + bound


def _curve() -> tuple[bytes, bytes]:
    key = Key.encrypting(now() - 2 * DAY)
    return key.body, key.secret_body


def _lattice() -> tuple[bytes, bytes]:
    return hybrid.generate(now() - 2 * DAY)


def _unknown_part() -> bytes:
    """Beside usual ones: a part that no library here can read, and which is left secret in what is made public of the key."""
    public = hybrid.generate(now() - 2 * DAY)[0]
    return _halves_of_two_beside_whole_ones(lambda: (public, public + bytes([0, *bytes(90), 0, 0])))


@pytest.mark.parametrize(
    ("made", "problem"),
    [
        (lambda: _halves_of_two_beside_whole_ones(_curve), CertificateProblem.BROKEN),
        (lambda: _halves_of_two_beside_whole_ones(_lattice), CertificateProblem.BROKEN),
        (_unknown_part, CertificateProblem.KIND),
        (_expired, CertificateProblem.EXPIRED),
        (_revoked, CertificateProblem.REVOKED),
        (_without_encryption, CertificateProblem.NO_ENCRYPTION),
        (_weak, CertificateProblem.POLICY),
        (_several, CertificateProblem.SEVERAL_KEYS),
        (_public, CertificateProblem.NOT_SECRET),
        (_large, CertificateProblem.TOO_LARGE),
        (_of_the_future, CertificateProblem.NOT_YET_VALID),
        (_without_signing, CertificateProblem.NOT_SIGNING),
        (_stub, CertificateProblem.NO_SECRET),
        (_one_subkey_without, CertificateProblem.NO_SECRET),
        (lambda: _halves_of_two(Tag.SECRET_KEY), CertificateProblem.BROKEN),
        (lambda: _halves_of_two(Tag.SECRET_SUBKEY), CertificateProblem.BROKEN),
        (_signing_by_ml_dsa, CertificateProblem.KIND),
        (_encrypted_to_by_ml_kem_1024, CertificateProblem.KIND),
        (_nist, CertificateProblem.KIND),
        (lambda: b"", CertificateProblem.NO_KEY),
        (lambda: b"Dear list,", CertificateProblem.NO_KEY),
        (lambda: usual().secret[:-40], CertificateProblem.BROKEN),
    ],
)
def test_what_can_not_be_a_list_s(made: Callable[[], bytes], problem: CertificateProblem) -> None:
    """Each is refused by its name."""
    assert refused(made()) is problem


def test_rsa() -> None:
    """It is told apart; and can be adopted, extended and revoked like others."""
    member = make_rsa_member_without_seipd2(LIST_ADDRESSES[0])
    secret = read_secret_key(member.secret, None)
    assert holds_rsa(secret)
    assert not holds_rsa(read_secret_key(usual().secret, None))
    new, _ = adopt(secret, "Ants", LIST_ADDRESSES)
    assert new.certificate.usability.usable
    assert ListSecretKey(new.secret).sign_detached(b"text")
    until = (datetime.now(UTC) + timedelta(days=2000)).replace(tzinfo=None, microsecond=0)
    longer, made = openpgp.extend(new.secret, until)
    assert made.expires == until
    assert ListSecretKey(longer).sign_detached(b"text")
    assert openpgp.end(longer, made.data, openpgp.Reason.RETIRED, "").revoked


@pytest.fixture(scope="module")
def from_gpg(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A secret key that GnuPG has made and exported under a passphrase."""
    home = tmp_path_factory.mktemp("gnupg")
    home.chmod(0o700)
    gpg, words = Gpg(home), ("--passphrase", "a long passphrase")
    gpg(*words, "--quick-generate-key", ANTS, "future-default", "default", "1y")
    listed = gpg("--with-colons", "--list-keys").stdout.splitlines()
    fingerprint = next(line.split(b":")[9].decode() for line in listed if line.startswith(b"fpr:"))
    gpg(*words, "--quick-add-key", fingerprint, "cv25519", "encr", "1y")
    return gpg(*words, "--armor", "--export-secret-keys").stdout


@pytest.mark.deep
@pytest.mark.peer
def test_from_gpg_and_back(from_gpg: bytes, other: Peer) -> None:
    """It becomes a list's, to which every program writes."""
    assert refused(from_gpg, b"another") is CertificateProblem.WRONG_PASSPHRASE
    new, _ = adopt(read_secret_key(from_gpg, b"a long passphrase"), "Ants", LIST_ADDRESSES)
    message = other.encrypt(b"text\n", new.certificate.data, LIST_ADDRESSES[1])
    assert openpgp.open_message(message, [new.secret], []).content == b"text\n"
