"""What others certify of a list's certificate is taken when it verifies, and nothing comes along with it."""

from __future__ import annotations

import pysequoia
import pytest
from certificates import ANNE, armored, naive, refusal
from hypothesis import given
from hypothesis import strategies as st
from keys import (
    DAY,
    POSITIVE,
    REVOKE_CERTIFICATION,
    Key,
    certified,
    forge_usable,
    now,
    packet,
    reason,
    signature,
    signature_lifetime,
    subpacket,
)
from others import LIST_ADDRESSES
from vouched import (
    EXPORTABLE,
    KEY_SERVER,
    LIST,
    NOTATION,
    OWN,
    POLICY_URI,
    PRIMARY,
    REGEX,
    REVOCABLE,
    SALT,
    SIGNER,
    SIGNERS_USER_ID,
    TRUST,
    USER_IDS,
    body_of,
    certify,
    found,
    offered,
    problem,
)

from mailman_pgp import openpgp
from mailman_pgp.openpgp import CertificateError, CertificateProblem, vouching
from mailman_pgp.openpgp.packets import Tag, walk
from mailman_pgp.openpgp.subpackets import Areas, subpackets


def test_taken() -> None:
    """A certification that verifies: whose, of what, when; and a packet as it was but for what nobody signed."""
    at = now()
    made = certify(at=at)
    (one,) = found(made)
    assert (one.user_id, one.signer, one.made, one.revokes) == (USER_IDS[0], SIGNER.fingerprint, naive(at), False)
    assert body_of(one.data) == body_of(made)
    (same,) = openpgp.certifications(LIST, armored(offered(made)), SIGNER.public)
    assert same == one


@pytest.mark.parametrize("kind", [0x10, 0x11, 0x12, 0x13])
@pytest.mark.parametrize("digest", ["sha256", "sha512"])
def test_kinds_and_hashes(kind: int, digest: str) -> None:
    """All four kinds say the same to programs, and each is taken."""
    assert found(certify(kind=kind, digest=digest))[0].user_id == USER_IDS[0]


@pytest.mark.parametrize("suite", ["Cv25519", "RSA2k", "P256", "P384", "P521"])
def test_algorithms(suite: str) -> None:
    """Certifications by each algorithm that is taken verify, with the notation that makes them unpredictable; changed ones don't."""
    tsk = pysequoia.Tsk.generate(
        ANNE, cipher_suite=getattr(pysequoia.CipherSuite, suite), profile=pysequoia.Profile.RFC4880
    )
    signer = bytes(tsk.extract_certificate())
    copy = bytes(pysequoia.Cert.from_bytes(LIST).add_user_id(USER_IDS[1], tsk.certifier()))
    (one,) = openpgp.certifications(LIST, copy, signer)
    assert (one.user_id, one.signer) == (USER_IDS[1], tsk.extract_certificate().fingerprint.upper())
    assert NOTATION in {kind for kind, _ in subpackets(Areas.of(body_of(one.data)).hashed)}
    body = body_of(one.data)
    changed = packet(Tag.SIGNATURE, body[:-1] + bytes([body[-1] ^ 1]))
    assert (
        refusal(openpgp.certifications, LIST, offered(changed, user_id=USER_IDS[1]), signer)
        == CertificateProblem.NOT_CERTIFIED
    )


@pytest.mark.parametrize(
    ("suite", "profile"),
    [("Cv448", "RFC4880"), ("Cv25519", "RFC9580"), ("P256", "RFC9580"), ("MLDSA65_Ed25519", "RFC9580")],
)
def test_what_other_programs_cannot_read(suite: str, profile: str) -> None:
    """A signature that keeps gpg 2.2 or rnp from reading the whole certificate is refused with a sentence."""
    tsk = pysequoia.Tsk.generate(
        ANNE, cipher_suite=getattr(pysequoia.CipherSuite, suite), profile=getattr(pysequoia.Profile, profile)
    )
    copy = bytes(pysequoia.Cert.from_bytes(LIST).add_user_id(USER_IDS[1], tsk.certifier()))
    signer = bytes(tsk.extract_certificate())
    assert refusal(openpgp.certifications, LIST, copy, signer) == CertificateProblem.UNSUPPORTED


def test_each_user_id() -> None:
    """Of each user ID that is certified there is one; others are not."""
    copy = offered(certify()) + offered(certify(USER_IDS[2]), user_id=USER_IDS[2])
    assert {one.user_id for one in openpgp.certifications(LIST, copy, SIGNER.public)} == {USER_IDS[0], USER_IDS[2]}


def test_newest_counts() -> None:
    """Of several certifications the newest that can be taken counts, wherever it stands."""
    at = now()
    signatures = [certify(at=at - DAY), certify(at=at - 10), certify(at=at - 2 * DAY), certify(at=at, digest="sha1")]
    assert [one.made for one in found(*signatures)] == [naive(at - 10)]


def test_forged_by_somebody_else() -> None:
    """A signature by another key in the signer's name is none of theirs."""
    mallory = Key.signing(SIGNER.primary.created)
    named = subpacket(16, bytes.fromhex(SIGNER.primary.key_id))
    made = signature(mallory, POSITIVE, certified(PRIMARY, USER_IDS[0]), at=now(), unhashed=named, issuer=False)
    assert problem(made) == CertificateProblem.NOT_CERTIFIED


def test_forged_place() -> None:
    """Signatures over another user ID, another list's certificate, a document or a subkey are no certification here."""
    other = next(walk(openpgp.generate("Ants", LIST_ADDRESSES).certificate.data)).body
    at = now()
    for made in (
        certify(USER_IDS[1]),
        signature(SIGNER.primary, POSITIVE, certified(other, USER_IDS[0]), at=at),
        signature(SIGNER.primary, 0x00, certified(PRIMARY, USER_IDS[0]), at=at),
        signature(SIGNER.primary, 0x18, certified(PRIMARY, USER_IDS[0]), at=at),
        signature(SIGNER.primary, 0x1F, certified(PRIMARY, USER_IDS[0]), at=at),
    ):
        assert problem(made) == CertificateProblem.NOT_CERTIFIED
    elsewhere = offered(certify(), primary=other)
    assert refusal(openpgp.certifications, LIST, elsewhere, SIGNER.public) == CertificateProblem.NOT_CERTIFIED
    unknown = offered(certify("Ants <else@example.com>"), user_id="Ants <else@example.com>")
    assert refusal(openpgp.certifications, LIST, unknown, SIGNER.public) == CertificateProblem.NOT_CERTIFIED


def test_list_does_not_certify_itself() -> None:
    """Whoever says that the list's certificate is theirs has certified nothing by what the list says of itself."""
    assert refusal(openpgp.certifications, LIST, LIST, LIST) == CertificateProblem.NOT_CERTIFIED


def test_another_hash_than_signed() -> None:
    """A signature whose hash algorithm was changed afterwards does not verify."""
    body = body_of(certify())
    assert problem(packet(Tag.SIGNATURE, body[:3] + b"\x08" + body[4:])) == CertificateProblem.NOT_CERTIFIED


@pytest.mark.parametrize("digest", ["sha1", "md5", "ripemd160", "sha224"])
def test_weak_hashes(digest: str) -> None:
    """What SHA-1 and the like were used for is not taken, and the sentence says how to do better."""
    assert problem(certify(digest=digest)) == CertificateProblem.WEAK_HASH


@given(st.data())
def test_bit_flips(data: st.DataObject) -> None:
    """A certification with one bit changed is not taken, or is the same as before (in what nobody signs)."""
    body = bytearray(body_of(CERTIFICATION))
    position = data.draw(st.integers(0, len(body) - 1))
    body[position] ^= 1 << data.draw(st.integers(0, 7))
    try:
        (one,) = vouching.certifications(LIST, offered(packet(Tag.SIGNATURE, bytes(body))), SIGNER.public)
    except CertificateError:
        return
    assert one.data == vouching.certifications(LIST, offered(CERTIFICATION), SIGNER.public)[0].data


CERTIFICATION = certify()


def test_nothing_unhashed_comes_along() -> None:
    """What anybody can put into a signature without breaking it is left out; the issuer stays."""
    smuggled = [
        subpacket(NOTATION, b"\x80\0\0\0\0\x05\0\x05a@b.cwords"),
        subpacket(POLICY_URI, b"https://example.net/"),
        subpacket(33, b"\x04" + bytes(20)),
        subpacket(100, b"junk"),
        b"\0\0\0",
    ]
    (one,) = found(certify(unhashed=b"".join(smuggled)))
    areas = Areas.of(body_of(one.data))
    assert list(subpackets(areas.unhashed)) == [(16, bytes.fromhex(SIGNER.primary.key_id))]
    for part in (b"words", b"example.net", b"junk"):
        assert part not in one.data


def test_nothing_behind_the_signature() -> None:
    """A packet with more than the signature in it, or with a number in an unusual form, is not taken."""
    body = body_of(certify())
    assert problem(packet(Tag.SIGNATURE, body + b"words")) == CertificateProblem.NOT_CERTIFIED
    areas = Areas.of(body)
    bits = int.from_bytes(areas.tail[2:4], "big")
    longer = areas.tail[:2] + (bits + 8).to_bytes(2, "big") + b"\0" + areas.tail[4:]
    assert problem(packet(Tag.SIGNATURE, body.removesuffix(areas.tail) + longer)) == CertificateProblem.NOT_CERTIFIED


@pytest.mark.parametrize(
    "extra",
    [
        subpacket(NOTATION, b"\x80\0\0\0\0\x05\0\x05a@b.cwords"),
        subpacket(NOTATION, SALT + b"words"),
        subpacket(NOTATION, SALT) * 2,
        subpacket(POLICY_URI, b"https://example.net/"),
        subpacket(KEY_SERVER, b"hkps://example.net"),
        subpacket(TRUST, b"\x01\x78"),
        subpacket(REGEX, b"<[^>]+[@.]example\\.com>$\0"),
        subpacket(SIGNERS_USER_ID, b"words <anne@example.com>"),
        subpacket(REVOCABLE, b"\0"),
        subpacket(101, b"words"),
        subpacket(EXPORTABLE, b"\x01words"),
        signature_lifetime(DAY) + subpacket(3, b"words"),
        b"\0\0\0",
        subpacket(100, b"")[:1],
    ],
    ids=lambda extra: extra[:12].hex(),
)
def test_extras_are_refused(extra: bytes) -> None:
    """Words, links, trust and whatever else a certification signs beyond itself are not handed out by the list."""
    assert problem(certify(extra=extra)) == CertificateProblem.EXTRAS


@pytest.mark.parametrize(
    "extra",
    [subpacket(NOTATION, SALT), subpacket(EXPORTABLE, b"\x01"), subpacket(REVOCABLE, b"\x01"), signature_lifetime(DAY)],
    ids=["salt", "exportable", "revocable", "lifetime"],
)
def test_harmless_subpackets(extra: bytes) -> None:
    """What programs write by themselves, and an expiry to come, are no extras."""
    assert found(certify(extra=extra))


def test_not_exportable() -> None:
    """A certification that somebody made for themselves stays theirs."""
    assert problem(certify(extra=subpacket(EXPORTABLE, b"\0"))) == CertificateProblem.NOT_EXPORTABLE


def test_times() -> None:
    """An expired certification, and one from the future, are refused; a clock that is a little ahead is not."""
    at = now()
    assert problem(certify(at=at - DAY, extra=signature_lifetime(DAY - 1))) == CertificateProblem.OUT_OF_TIME
    assert problem(certify(at=at + DAY)) == CertificateProblem.OUT_OF_TIME
    assert found(certify(at=at + 30))
    assert found(certify(at=at - DAY, extra=signature_lifetime(0)))


def test_signer_of_another_time() -> None:
    """What was made before the signer's key was, or after it had expired, does not count."""
    short = forge_usable(ANNE, age=10 * DAY, lifetime=5 * DAY)
    assert problem(certify(by=short.primary), signer=short.public) == CertificateProblem.OUT_OF_TIME
    early = certify(by=short.primary, at=now() - 20 * DAY)
    assert problem(early, signer=short.public) == CertificateProblem.OUT_OF_TIME
    assert found(certify(by=short.primary, at=now() - 8 * DAY), signer=short.public)


def test_signer_that_counts_no_more() -> None:
    """A revoked key certifies nothing, nor does one that rests on SHA-1."""
    revoked = forge_usable(ANNE)
    revoked.revoke(at=now())
    assert problem(certify(by=revoked.primary), signer=revoked.public) == CertificateProblem.REVOKED
    weak = forge_usable(ANNE, digest="sha1")
    assert problem(certify(by=weak.primary), signer=weak.public) == CertificateProblem.POLICY


def test_subkeys_certify_nothing() -> None:
    """A subkey that signs documents does not speak for the certificate about other keys."""
    with_subkey = forge_usable(ANNE)
    signing = with_subkey.bind(Key.signing(with_subkey.primary.created), 0x03)
    assert problem(certify(by=signing), signer=with_subkey.public) == CertificateProblem.NOT_CERTIFIED


def test_taken_back() -> None:
    """A later revocation by the same key counts in place of the certification; a later certification in its place again."""
    at = now()
    revocation = certify(kind=REVOKE_CERTIFICATION, at=at - 10, extra=reason(0))
    (one,) = found(certify(at=at - 20), revocation)
    assert (one.revokes, body_of(one.data)) == (True, body_of(revocation))
    assert not found(certify(at=at), revocation)[0].revokes
    assert found(certify(at=at - 10), revocation)[0].revokes  # at the same second: default deny


def test_taken_back_with_words() -> None:
    """A revocation with a text counts, and the text is not handed out."""
    (one,) = found(certify(kind=REVOKE_CERTIFICATION, extra=subpacket(29, b"\x20words")))
    assert (one.revokes, one.data) == (True, b"")


def test_nobody_takes_back_for_others() -> None:
    """A revocation by another key takes nothing back."""
    mallory = Key.signing(SIGNER.primary.created)
    named = subpacket(16, bytes.fromhex(SIGNER.primary.key_id))
    forged = signature(
        mallory, REVOKE_CERTIFICATION, certified(PRIMARY, USER_IDS[0]), at=now(), unhashed=named, issuer=False
    )
    assert not found(CERTIFICATION, forged)[0].revokes


def test_ten_thousand_signatures() -> None:
    """The one that counts is found among ten thousand others, in the signer's name or in other names."""
    junk = certify(by=Key.signing(SIGNER.primary.created))
    body = bytearray(body_of(CERTIFICATION))
    body[-1] ^= 1
    forged = packet(Tag.SIGNATURE, bytes(body))
    (one,) = found(*[junk, forged] * 5_000, CERTIFICATION)
    assert body_of(one.data) == body_of(CERTIFICATION)
    with pytest.raises(CertificateError, match="Take the list's certificate anew") as caught:
        found(*[junk] * 30_000)
    assert caught.value.problem in {CertificateProblem.TOO_LARGE, CertificateProblem.BROKEN}


def test_what_is_no_certificate() -> None:
    """A secret key, noise and nothing at all are refused with a sentence."""
    assert refusal(openpgp.certifications, LIST, OWN.secret, SIGNER.public) == CertificateProblem.SECRET_KEY
    assert refusal(openpgp.certifications, LIST, b"", SIGNER.public) == CertificateProblem.NOT_CERTIFIED
    assert refusal(openpgp.certifications, LIST, b"words", SIGNER.public) == CertificateProblem.NOT_CERTIFIED
    assert refusal(openpgp.certifications, LIST, LIST[:100], SIGNER.public) == CertificateProblem.BROKEN
    assert refusal(openpgp.certifications, LIST, LIST, SIGNER.public) == CertificateProblem.NOT_CERTIFIED


@given(st.binary(max_size=300))
def test_noise(noise: bytes) -> None:
    """Whatever stands behind a user ID gives a CertificateError and nothing else."""
    for copy in (offered(noise), offered(packet(Tag.SIGNATURE, noise)), noise):
        with pytest.raises(CertificateError):
            vouching.certifications(LIST, copy, SIGNER.public)


def test_handed_out() -> None:
    """Each certification stands behind its user ID, the oldest first; all else is as it was."""
    at = now()
    bart = forge_usable("Bart <bart@example.com>")
    both = offered(certify(at=at)) + offered(certify(USER_IDS[2], at=at), user_id=USER_IDS[2])
    given_ = [
        *openpgp.certifications(LIST, both, SIGNER.public),
        *found(certify(by=bart.primary, at=at - 9), signer=bart.public),
    ]
    shown = openpgp.with_certifications(LIST, given_)
    behind: dict[str, list[bytes]] = {}
    user_id = ""
    for one in walk(shown):
        if one.tag == Tag.USER_ID:
            user_id = one.body.decode()
        elif one.tag == Tag.PUBLIC_SUBKEY:
            break
        elif user_id:
            behind.setdefault(user_id, []).append(one.body)
    assert {name: len(signatures) for name, signatures in behind.items()} == {
        USER_IDS[0]: 3,
        USER_IDS[1]: 1,
        USER_IDS[2]: 2,
    }
    assert behind[USER_IDS[0]][1:] == [body_of(given_[-1].data), body_of(given_[0].data)]
    assert openpgp.read_certificate(shown).data == LIST
    assert openpgp.with_certifications(LIST, []) == LIST
    elsewhere = openpgp.generate("Bees", ["bees@example.com"]).certificate.data
    assert openpgp.with_certifications(elsewhere, given_) == elsewhere


def test_certified_again_after_handing_out() -> None:
    """A copy that the list handed out with certifications of others gives the next one theirs alone."""
    bart = forge_usable("Bart <bart@example.com>")
    shown = openpgp.with_certifications(LIST, found(certify(by=bart.primary), signer=bart.public))
    assert refusal(openpgp.certifications, LIST, shown, SIGNER.public) == CertificateProblem.NOT_CERTIFIED
