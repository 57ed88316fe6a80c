"""A list key is extended: the same key, which everybody takes for living longer."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pysequoia
import pytest
from keys import DAY, POSITIVE, Key, certified, forge_usable, now, packet, signature
from others import LIST_ADDRESSES

from mailman_pgp import openpgp
from mailman_pgp.openpgp import ListKeyError, ListSecretKey, listkeys, selfsign
from mailman_pgp.openpgp.listkeys import MAX_VALIDITY_DAYS, NewListKey, generate
from mailman_pgp.openpgp.packets import Tag, walk
from mailman_pgp.openpgp.selfsign import Flags
from mailman_pgp.openpgp.signingkeys import SigningKey

if TYPE_CHECKING:
    from others import Gpg, Rnp, Sq


def ahead(days: int) -> datetime:
    """A time to come, naive UTC, in whole seconds."""
    return datetime.now(UTC).replace(tzinfo=None, microsecond=0) + timedelta(days=days)


def _packets(data: bytes) -> list[int]:
    """Which packets there are; how long a signature is depends on its numbers."""
    return [one.tag for one in walk(data)]


@pytest.fixture(scope="module")
def short_lived() -> NewListKey:
    """A key that ends in three days."""
    return generate("Ants", LIST_ADDRESSES, validity_days=3)


def test_the_same_key(short_lived: NewListKey) -> None:
    """Fingerprint, user IDs and subkeys are as they were; it signs, and can be encrypted to, until then."""
    until = ahead(1000)
    secret, made = openpgp.extend(short_lived.secret, until)
    before = short_lived.certificate
    assert made.expires == made.usability.until == until
    assert (made.fingerprint, made.user_ids) == (before.fingerprint, before.user_ids)
    assert made.usability.recipients == before.usability.recipients
    assert ListSecretKey(secret).fingerprint == before.fingerprint
    assert _packets(made.data) == _packets(before.data)  # what is superseded is not carried along


def test_whoever_has_the_old_one_takes_the_newer(short_lived: NewListKey) -> None:
    """Joined with what is known, in whichever order, the newest word counts, also of two in one second."""
    once, first = openpgp.extend(short_lived.secret, ahead(100))
    _, second = openpgp.extend(once, ahead(50))
    for one, other in ((first, second), (second, first)):
        known = openpgp.merge(openpgp.merge(short_lived.certificate.data, one.data).data, other.data)
        assert known.expires == second.expires


def test_one_that_has_expired() -> None:
    """It comes back to life."""
    user_ids = [f"Ants <{address}>" for address in LIST_ADDRESSES]
    drawn = pysequoia.Tsk.generate(user_ids=user_ids, cipher_suite=pysequoia.CipherSuite.Cv25519)
    created = now() - 30 * DAY
    expired = listkeys._bound_anew(listkeys._drawn(drawn, created), user_ids, created, DAY)
    with pytest.raises(ListKeyError, match="has expired"):
        ListSecretKey(expired).sign_detached(b"text")
    secret, made = openpgp.extend(expired, ahead(10))
    assert made.usability.usable
    assert ListSecretKey(secret).sign_detached(b"text")


def test_what_can_not_be_extended(short_lived: NewListKey) -> None:
    """A key that is revoked or of another kind, what is no key, and times that are no future of it; nothing secret is said."""
    revoked = forge_usable(f"Ants <{LIST_ADDRESSES[0]}>")
    revoked.revoke(at=now() - DAY)
    with pytest.raises(ListKeyError, match="has been revoked"):
        openpgp.extend(revoked.secret, ahead(10))
    for secret in (b"", b"no key", short_lived.certificate.data, short_lived.secret[:-40]):
        with pytest.raises(ListKeyError):
            openpgp.extend(secret, ahead(10))
    for until in (ahead(-1), ahead(MAX_VALIDITY_DAYS + 1)):
        with pytest.raises(ValueError, match="A list key is"):
            openpgp.extend(short_lived.secret, until)


def behind_user_ids(secret: bytes, *signatures: bytes) -> bytes:
    """The key with signatures behind its first user ID."""
    packets = list(walk(secret))
    first = next(one for one in packets if one.tag == Tag.USER_ID)
    return secret[: first.end] + b"".join(signatures) + secret[first.end :]


def test_what_others_have_certified_stays(short_lived: NewListKey) -> None:
    """Their signatures are as they were, also one that is dated ahead, and by that nothing of ours is dated ahead.

    The certificate is without them: what of them is handed out with it is kept elsewhere, and looked at.
    """
    primary = next(walk(short_lived.certificate.data)).body
    user_id = f"Ants <{LIST_ADDRESSES[0]}>"
    other = Key.signing(now() - DAY)
    theirs = [
        signature(other, POSITIVE, certified(primary, user_id), at=at, issuer=issuer)
        for at, issuer in ((now() - DAY, True), (now() + 400 * DAY, True), (now() - DAY, False))
    ]
    until = ahead(1000)
    secret, made = openpgp.extend(behind_user_ids(short_lived.secret, *theirs), until)
    bodies = [one.body for one in walk(secret)]
    for one in theirs:
        (only,) = walk(one)
        assert bodies.count(only.body) == 1
    assert len(bodies) == len(list(walk(short_lived.secret))) + len(theirs)
    assert made.expires == until
    assert ListSecretKey(secret).sign_detached(b"text")


def dated_ahead(at: int, created: int = 0) -> tuple[bytes, bytes]:
    """A secret key of thirty days, unless `created` says else, that lives ten more by what it said at the time `at`; and its certificate."""
    created = created or now() - 30 * DAY
    user_ids = [f"Ants <{address}>" for address in LIST_ADDRESSES]
    drawn = pysequoia.Tsk.generate(user_ids=user_ids, cipher_suite=pysequoia.CipherSuite.Cv25519)
    sound = listkeys._bound_anew(listkeys._drawn(drawn, created), user_ids, created, 300 * DAY)
    public = next(walk(bytes(pysequoia.Tsk.from_bytes(sound).extract_certificate())))
    primary = SigningKey.from_packets(public.body, next(walk(sound)).body)
    about = {"created": at, "lifetime": 40 * DAY}
    written = []
    for one in walk(sound):
        written.append(packet(one.tag, one.body))
        if one.tag == Tag.SECRET_KEY:
            written.append(selfsign.direct_key_signature(primary, Flags.CERTIFY, **about))
        elif one.tag == Tag.USER_ID:
            user_id = one.body.decode()
            written.append(
                selfsign.certification(primary, user_id, Flags.CERTIFY, first=user_id == user_ids[0], **about)
            )
    secret = b"".join(written)
    return secret, bytes(pysequoia.Tsk.from_bytes(secret).extract_certificate())


@pytest.fixture(scope="module")
def from_the_future() -> tuple[bytes, bytes]:
    """What a clock has made that was five days ahead."""
    return dated_ahead(now() + 5 * DAY)


def test_a_signature_of_ours_from_the_future(from_the_future: tuple[bytes, bytes]) -> None:
    """Whoever has it takes what is said now; and what is said anew is dated behind it, so that it counts when that time has come."""
    secret, known = from_the_future
    until, later = ahead(1000), ahead(2000)
    once, made = openpgp.extend(secret, until)
    assert openpgp.merge(known, made.data).expires == until
    _, third = openpgp.extend(once, later)
    assert openpgp.merge(openpgp.merge(known, made.data).data, third.data).expires == later
    assert _packets(third.data) == _packets(made.data)  # what is superseded is not carried along


def test_a_clock_that_is_too_far_ahead_or_behind() -> None:
    """What is dated at the end of time can't be superseded, and a key of tomorrow not be extended today; both say so."""
    with pytest.raises(ListKeyError, match="clock"):
        openpgp.extend(dated_ahead(2**32 - 1)[0], ahead(1000))
    of_tomorrow = dated_ahead(now() + 2 * DAY, created=now() + DAY)[0]
    with pytest.raises(ListKeyError, match="clock"):
        openpgp.extend(of_tomorrow, ahead(10))


@pytest.mark.peer
def test_gpg_takes_the_newer_one_also_after_one_from_the_future(gpg: Gpg, from_the_future: tuple[bytes, bytes]) -> None:
    """Now, and when that time has come."""
    secret, known = from_the_future
    _, made = openpgp.extend(secret, ahead(1000))
    gpg("--import", data=known)
    gpg("--import", data=made.data)
    assert made.expires is not None
    for days in (0, 20):
        faked = ["--faked-system-time", f"{now() + days * DAY}"] if days else []
        lines = [line.split(b":") for line in gpg(*faked, "--with-colons", "--list-keys").stdout.splitlines()]
        (primary,) = [line for line in lines if line[0] == b"pub"]
        assert int(primary[6]) == int(made.expires.replace(tzinfo=UTC).timestamp())


@pytest.mark.peer
def test_sq_takes_the_newer_one_also_after_one_from_the_future(sq: Sq, from_the_future: tuple[bytes, bytes]) -> None:
    """The same, today."""
    secret, known = from_the_future
    _, made = openpgp.extend(secret, ahead(1000))
    assert made.expires is not None
    assert f"{made.expires:%Y-%m-%d}" in sq.run("inspect", data=openpgp.merge(known, made.data).data).stdout.decode()


@pytest.mark.peer
def test_rnp_takes_the_newer_one_also_after_one_from_the_future(rnp: Rnp, from_the_future: tuple[bytes, bytes]) -> None:
    """The same, today."""
    secret, known = from_the_future
    _, made = openpgp.extend(secret, ahead(1000))
    rnp.load(known)
    rnp.load(made.data)
    assert made.expires is not None
    assert f"{made.expires:%Y-%m-%d}".encode() in rnp.list_keys()


@pytest.mark.peer
def test_gpg_takes_the_newer_one(gpg: Gpg, short_lived: NewListKey) -> None:
    """It shows the new end on the key it had, and encrypts to it."""
    _, made = openpgp.extend(short_lived.secret, ahead(1000))
    for certificate in (short_lived.certificate, made):
        gpg("--import", data=certificate.data)
        lines = [line.split(b":") for line in gpg("--with-colons", "--list-keys").stdout.splitlines()]
        (primary,) = [line for line in lines if line[0] == b"pub"]
        assert certificate.expires is not None
        assert int(primary[6]) == int(certificate.expires.replace(tzinfo=UTC).timestamp())
    assert gpg("--trust-model", "always", "-r", LIST_ADDRESSES[0], "--encrypt", data=b"text").stdout
