"""Verdicts on signatures: good or not, and why not."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime

import pysequoia
import pytest
from hypothesis import given
from hypothesis import strategies as st
from keys import (
    BINARY,
    CERTIFY,
    COMPROMISED,
    DAY,
    ENCRYPT,
    RETIRED,
    SIGN,
    TEXT,
    Forged,
    Key,
    canonical,
    forge,
    forge_usable,
    now,
    packet,
    signature,
    signature_lifetime,
)
from messages import literal, made_by

from mailman_pgp import openpgp
from mailman_pgp.openpgp import SignatureVerdict, Status, Tag, walk
from mailman_pgp.openpgp.judgement import Content, Signers, judge

ANNE = "Anne <anne@example.com>"
CONTENT = b"Content-Type: text/plain\r\n\r\nThe bridge is up.\r\n"


def verdict(made: Forged | bytes, *signatures: bytes, content: bytes = CONTENT) -> SignatureVerdict:
    """The one verdict on a detached signature, with one certificate at hand."""
    public = made if isinstance(made, bytes) else made.public
    (found,) = openpgp.verify_detached(content, b"".join(signatures), [public])
    return found


def status(made: Forged, signer: Key, *, at: int | None = None, **how: object) -> Status:
    """What becomes of a signature of `signer`, made two days ago or at another time."""
    return verdict(made, signature(signer, BINARY, CONTENT, at=now() - 2 * DAY if at is None else at, **how)).status  # type: ignore[arg-type] # as given


# One test for each status


def test_a_good_signature_says_who_and_when() -> None:
    """The fingerprint is that of the primary key, the issuer the key that signed."""
    made = forge_usable(ANNE)
    subkey = made.bind(Key.signing(now() - 90 * DAY), SIGN)
    at = now() - 60
    assert verdict(made, made_by(subkey, CONTENT, at=at)) == SignatureVerdict(
        status=Status.GOOD,
        fingerprint=made.fingerprint,
        issuer=subkey.fingerprint,
        signed_at=datetime.fromtimestamp(at, UTC).replace(tzinfo=None),
        text_mode=False,
        content_digest=hashlib.sha256(CONTENT).hexdigest(),
    )


def test_good_but_expired_since() -> None:
    """The key was valid when it signed, and is not any more."""
    made = forge_usable(ANNE, lifetime=50 * DAY)
    assert status(made, made.primary, at=now() - 60 * DAY) is Status.GOOD_KEY_EXPIRED_SINCE


def test_good_but_the_subkey_expired_since() -> None:
    """The same for a subkey that signed."""
    made = forge_usable(ANNE)
    subkey = made.bind(Key.signing(now() - 90 * DAY), SIGN, lifetime=50 * DAY)
    assert status(made, subkey, at=now() - 60 * DAY) is Status.GOOD_KEY_EXPIRED_SINCE


def test_good_but_retired_since() -> None:
    """A key that its owner gave up in good order leaves its old signatures good."""
    made = forge_usable(ANNE)
    made.revoke(at=now() - 10 * DAY, code=RETIRED)
    assert status(made, made.primary, at=now() - 60 * DAY) is Status.GOOD_KEY_REVOKED_SINCE


def test_good_but_the_subkey_was_retired_since() -> None:
    """The same for a subkey; a revocation that somebody else forged counts nothing."""
    made = forge_usable(ANNE)
    subkey = made.bind(Key.signing(now() - 90 * DAY), SIGN)
    made.revoke_subkey(subkey, at=now() - 10 * DAY, code=RETIRED, signer=Key.signing(now() - 90 * DAY))
    assert status(made, subkey, at=now() - 60 * DAY) is Status.GOOD
    made.revoke_subkey(subkey, at=now() - 10 * DAY, code=RETIRED)
    assert status(made, subkey, at=now() - 60 * DAY) is Status.GOOD_KEY_REVOKED_SINCE


def test_the_key_had_expired() -> None:
    """When the signature was made."""
    made = forge_usable(ANNE, lifetime=50 * DAY)
    assert status(made, made.primary) is Status.KEY_EXPIRED


def test_the_subkey_had_expired() -> None:
    """When the signature was made."""
    made = forge_usable(ANNE)
    assert status(made, made.bind(Key.signing(now() - 90 * DAY), SIGN, lifetime=50 * DAY)) is Status.KEY_EXPIRED


@pytest.mark.parametrize("code", [None, COMPROMISED])
def test_a_compromised_key_never_made_a_good_signature(code: int | None) -> None:
    """Who stole the key can date signatures back, so those from before the revocation are worth nothing either."""
    made = forge_usable(ANNE)
    made.revoke(at=now() - 10 * DAY, code=code)
    assert status(made, made.primary, at=now() - 60 * DAY) is Status.KEY_REVOKED


def test_a_compromised_subkey_never_made_a_good_signature() -> None:
    """The same for a subkey."""
    made = forge_usable(ANNE)
    subkey = made.bind(Key.signing(now() - 90 * DAY), SIGN)
    made.revoke_subkey(subkey, at=now() - 10 * DAY)
    assert status(made, subkey, at=now() - 60 * DAY) is Status.KEY_REVOKED


def test_a_retired_key_makes_no_signatures() -> None:
    """After the day on which it was given up."""
    made = forge_usable(ANNE)
    made.revoke(at=now() - 10 * DAY, code=RETIRED)
    assert status(made, made.primary) is Status.KEY_REVOKED


def test_the_signature_has_expired() -> None:
    """Its maker wanted it to hold for an hour only."""
    made = forge_usable(ANNE)
    assert status(made, made.primary, extra=signature_lifetime(3600)) is Status.SIGNATURE_EXPIRED


def test_the_signature_is_from_the_future() -> None:
    """A clock that is ten minutes fast is forgiven, one that is a day fast is not."""
    made = forge_usable(ANNE)
    assert status(made, made.primary, at=now() + DAY) is Status.FROM_THE_FUTURE
    assert status(made, made.primary, at=now() + 600) is Status.GOOD


@pytest.mark.parametrize("digest", ["md5", "sha1", "ripemd160"])
def test_weak_hashes_prove_nothing(digest: str) -> None:
    """Two contents can be made that have the same one."""
    try:
        hashlib.new(digest, usedforsecurity=False)
    except ValueError:
        pytest.skip(f"this OpenSSL has no {digest}")
    made = forge_usable(ANNE)
    assert status(made, made.primary, digest=digest) is Status.WEAK_HASH


@pytest.mark.parametrize("place", [2, 3], ids=["algorithm", "hash"])
def test_what_nobody_has_a_name_for_proves_nothing(place: int) -> None:
    """A signature by an algorithm or over a hash that no library knows is bad, and costs no worker (RFC 9580 §5.2.3)."""
    made = forge_usable(ANNE)
    (found,) = walk(made_by(made.primary, CONTENT))
    body = bytearray(found.body)
    body[place] = 0xFF
    assert verdict(made, packet(Tag.SIGNATURE, bytes(body))).status is Status.BAD


def test_policy_refuses_a_key_that_rests_on_sha1() -> None:
    """The signature itself is a modern one; who made it is not proven."""
    made = forge_usable(ANNE, digest="sha1")
    assert status(made, made.primary) is Status.REFUSED_BY_POLICY


def test_policy_refuses_a_signature_from_before_the_key() -> None:
    """It cannot have been made by this key then."""
    made = forge_usable(ANNE, age=10 * DAY)
    assert status(made, made.primary, at=now() - 20 * DAY) is Status.REFUSED_BY_POLICY


def test_keys_that_are_not_meant_for_signing_do_not_sign() -> None:
    """A primary key that only certifies, and a subkey for authentication."""
    made = Forged(Key.signing(now() - 90 * DAY))
    made.user_id(ANNE, usage=CERTIFY)
    assert status(made, made.primary) is Status.KEY_MAY_NOT_SIGN
    assert status(made, made.bind(Key.signing(now() - 90 * DAY), 0x20)) is Status.KEY_MAY_NOT_SIGN


def test_a_subkey_that_did_not_agree_does_not_sign() -> None:
    """Who binds another's signing key to their own certificate lacks its back signature (RFC 9580 §5.2.1.9)."""
    victim, thief = forge_usable(ANNE), forge_usable("Thief <thief@example.com>")
    subkey = victim.bind(Key.signing(now() - 90 * DAY), SIGN)
    thief.bind(subkey, SIGN, back=False)
    made = made_by(subkey, CONTENT)
    assert verdict(thief, made).status is Status.KEY_MAY_NOT_SIGN
    for signers in ([victim.public, thief.public], [thief.public, victim.public]):
        (found,) = openpgp.verify_detached(CONTENT, made, signers)
        assert (found.status, found.fingerprint) == (Status.GOOD, victim.fingerprint)


def test_changed_content_is_bad() -> None:
    """One octet is enough."""
    made = forge_usable(ANNE)
    found = verdict(made, made_by(made.primary, CONTENT), content=CONTENT + b"!")
    # The first two octets of the digest are in the signature, and are not what is checked.
    assert (found.status, found.fingerprint) == (Status.BAD, made.fingerprint)


def test_a_changed_signature_is_bad() -> None:
    """In what it says as well as in its numbers."""
    made = forge_usable(ANNE)
    good = made_by(made.primary, CONTENT)
    for position in (len(good) - 1, 20):
        changed = good[:position] + bytes([good[position] ^ 1]) + good[position + 1 :]
        assert verdict(made, changed).status is Status.BAD


def test_signatures_over_something_else_are_bad() -> None:
    """A certification or a timestamp is a signature, but not one over a document."""
    made = forge_usable(ANNE)
    for kind in (0x02, 0x10, 0x1F, 0x40):
        assert verdict(made, signature(made.primary, kind, CONTENT, at=now() - DAY)).status is Status.BAD


def test_a_strangers_signature_is_by_an_unknown_key() -> None:
    """It says which key it claims to be made by, and nothing is known about it."""
    made, other = forge_usable(ANNE), forge_usable(ANNE)
    found = verdict(made, made_by(other.primary, CONTENT))
    assert (found.status, found.fingerprint, found.issuer) == (Status.UNKNOWN_KEY, None, other.fingerprint)
    assert openpgp.verify_detached(CONTENT, made_by(other.primary, CONTENT), [])[0].status is Status.UNKNOWN_KEY


def test_a_signature_without_an_issuer_is_by_an_unknown_key() -> None:
    """Nobody tries all keys."""
    made = forge_usable(ANNE)
    found = verdict(made, signature(made.primary, BINARY, CONTENT, at=now() - DAY, issuer=False))
    assert (found.status, found.issuer) == (Status.UNKNOWN_KEY, None)


def test_no_status_but_good_is_good() -> None:
    """`good` is for those who need a yes or no."""
    made = SignatureVerdict(Status.GOOD, None, None, None, text_mode=False, content_digest="")
    assert made.good
    for other in set(Status) - {Status.GOOD}:
        assert not SignatureVerdict(other, None, None, None, text_mode=False, content_digest="").good


@pytest.mark.parametrize(
    ("suite", "profile"),
    [("RSA2k", "RFC4880"), ("P256", "RFC4880"), ("Cv25519", "RFC9580"), ("MLDSA65_Ed25519", "RFC9580")],
)
def test_every_kind_of_key_is_judged(suite: str, profile: str) -> None:
    """Good and bad are told apart for RSA, NIST curves, version 6 and post-quantum keys as well."""
    tsk = pysequoia.Tsk.generate(
        ANNE, cipher_suite=getattr(pysequoia.CipherSuite, suite), profile=getattr(pysequoia.Profile, profile)
    )
    public = bytes(tsk.extract_certificate())
    made = pysequoia.sign(tsk.signer(), CONTENT, mode=pysequoia.SignatureMode.DETACHED)
    found = verdict(public, made)
    assert (found.status, found.fingerprint) == (Status.GOOD, openpgp.inspect(public).fingerprint)
    assert verdict(public, made, content=b"x").status is Status.BAD


# Several signatures


def test_each_signature_is_judged_by_itself() -> None:
    """A library that looks at all of them at once says good when one is."""
    anne, bart = forge_usable(ANNE), forge_usable("Bart <bart@example.com>")
    parts = [
        made_by(anne.primary, CONTENT),
        made_by(bart.primary, b"other"),
        made_by(Key.signing(now() - DAY), CONTENT),
        made_by(bart.primary, CONTENT, digest="sha1"),
    ]
    expected = [Status.GOOD, Status.BAD, Status.UNKNOWN_KEY, Status.WEAK_HASH]
    for data in (b"".join(parts), openpgp.armor(b"".join(parts), "PGP SIGNATURE")):
        found = openpgp.verify_detached(CONTENT, data, [anne.public, bart.public])
        assert [one.status for one in found] == expected


@pytest.mark.parametrize(
    "data", [b"", b"no signature", b"\xc2", packet(2, b""), packet(2, b"\x04"), packet(2, bytes(50)), literal(b"x")]
)
def test_what_is_no_signature_is_bad(data: bytes) -> None:
    """It is not passed over: something claimed to be a signature."""
    found = openpgp.verify_detached(CONTENT, data, [forge_usable(ANNE).public])
    assert [one.status for one in found] in ([Status.BAD], [] if not data else [Status.BAD])


def test_a_thousand_signatures_are_not_judged() -> None:
    """Each would cost a verification."""
    made = forge_usable(ANNE)
    (found,) = openpgp.verify_detached(CONTENT, made_by(made.primary, CONTENT) * 1000, [made.public])
    assert found.status is Status.BAD


def test_unreadable_certificates_are_passed_over() -> None:
    """One that cannot be read has signed nothing."""
    made = forge_usable(ANNE)
    found = openpgp.verify_detached(CONTENT, made_by(made.primary, CONTENT), [b"", b"\x99\x01", made.public])
    assert found[0].good


# The content as the signature hashes it


def test_a_text_signature_has_one_digest_whatever_its_line_ends() -> None:
    """One signature fits three byte forms of the content, and a replay of any is a replay."""
    made = forge(ANNE)
    forms = [b"one\ntwo\n", b"one\r\ntwo\r\n", b"one\ntwo\r\n"]
    found = [verdict(made, made_by(made.primary, forms[0], TEXT), content=form) for form in forms]
    assert all(one.good and one.text_mode for one in found)
    assert {one.content_digest for one in found} == {hashlib.sha256(b"one\r\ntwo\r\n").hexdigest()}


def test_a_binary_signature_knows_its_line_ends() -> None:
    """The digest is that of the very bytes."""
    made = forge(ANNE)
    assert verdict(made, made_by(made.primary, b"one\n"), content=b"one\r\n").status is Status.BAD
    assert (
        verdict(made, made_by(made.primary, b"one\n"), content=b"one\n").content_digest
        == hashlib.sha256(b"one\n").hexdigest()
    )


_SIGNER = forge(ANNE)
_SIGNERS = Signers([_SIGNER.public])
_lines = st.lists(st.sampled_from([b"\r", b"\n", b"a", b" "]), max_size=8).map(b"".join)


@given(_lines, _lines)
def test_equal_digests_are_what_one_text_signature_fits(first: bytes, second: bytes) -> None:
    """A text signature over one content verifies over another exactly when both have one digest."""
    made = signature(_SIGNER.primary, TEXT, canonical(first), at=now() - 60)
    (body,) = (one.body for one in openpgp.walk(made))
    here, there = judge(Content(first), body, _SIGNERS), judge(Content(second), body, _SIGNERS)
    assert here.good
    assert there.good == (here.content_digest == there.content_digest)


def test_what_is_not_signed_in_a_signature_changes_nothing_that_counts() -> None:
    """The unhashed area of a signature can be changed by anybody; verdict and digest stay."""
    made, at = forge_usable(ANNE), now() - DAY
    plain = signature(made.primary, BINARY, CONTENT, at=at)
    padded = signature(made.primary, BINARY, CONTENT, at=at, unhashed=b"\x05\x64abcd")
    assert plain != padded
    first, second = (verdict(made, one) for one in (plain, padded))
    assert first.good
    assert first == second


def test_verdicts_survive_json() -> None:
    """They travel in a queue entry as plain values."""
    made = forge_usable(ANNE)
    for found in (verdict(made, made_by(made.primary, CONTENT)), verdict(made, b"x" * 20)):
        assert SignatureVerdict.from_json(json.loads(json.dumps(found.to_json()))) == found


def test_an_encryption_key_signs_nothing() -> None:
    """A signature that names an encryption subkey as its issuer is not taken for the owner's."""
    made = forge_usable(ANNE)
    stranger = Key.signing(now() - DAY)
    claimed = made_by(stranger, CONTENT).replace(
        bytes.fromhex(stranger.fingerprint), bytes.fromhex(made.subkeys[0].key.fingerprint)
    )
    assert verdict(made, claimed).status in {Status.BAD, Status.UNKNOWN_KEY}
    assert made.bind(Key.encrypting(now() - DAY), ENCRYPT)
