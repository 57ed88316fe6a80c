"""Whoever cannot be encrypted to is named before anything is sent, and a dead list key sends nothing."""

from __future__ import annotations

import dataclasses
import traceback
from typing import TYPE_CHECKING

import pysequoia
import pytest
from copies import TEXT, of, recipient
from keys import DAY, ENCRYPT, Key, forge, forge_usable, now

from mailman_pgp.openpgp import fanout
from mailman_pgp.openpgp.errors import CertificateError, CertificateProblem, FanOutError, OpenPGPError
from mailman_pgp.openpgp.fanout import Recipient, fan_out
from mailman_pgp.openpgp.listkeys import ListSecretKey
from mailman_pgp.openpgp.packets import pkesk_recipient, walk

if TYPE_CHECKING:
    from collections.abc import Callable

    from keys import Forged
    from others import Member


def stale(address: str, certificate: bytes) -> Recipient:
    """A recipient whose row says what was true once; what it says is what the library would write today."""
    message = pysequoia.encrypt(b"", [pysequoia.Cert.from_bytes(certificate)], armor=False)
    *keys, seipd = walk(message)
    fingerprint = pysequoia.Cert.from_bytes(certificate).fingerprint.upper()
    return Recipient(address, certificate, tuple(map(pkesk_recipient, keys)), seipd.body[0], fingerprint)


def revoked() -> Recipient:
    """A recipient whose certificate has been revoked since."""
    made = forge_usable("bad@example.com")
    made.revoke(at=now() - DAY)
    return stale("bad@example.com", made.public)


def expired() -> Recipient:
    """One whose certificate has expired since."""
    return stale("bad@example.com", forge_usable("bad@example.com", age=10 * DAY, lifetime=9 * DAY).public)


def without_encryption() -> Recipient:
    """One that never had an encryption subkey."""
    made = forge("bad@example.com")
    return Recipient("bad@example.com", made.public, (), 1, made.fingerprint)


def sha1() -> Recipient:
    """One with self-signatures by SHA-1."""
    made = forge_usable("bad@example.com", digest="sha1")
    return Recipient("bad@example.com", made.public, (made.subkeys[0].key.key_id,), 1, made.fingerprint)


def broken() -> Recipient:
    """One whose stored certificate is damaged."""
    made = forge_usable("bad@example.com")
    return Recipient("bad@example.com", made.public[:-9], (made.subkeys[0].key.key_id,), 1, made.fingerprint)


def two_certificates() -> Recipient:
    """One with a second certificate behind the first."""
    made, more = forge_usable("bad@example.com"), forge_usable("more@example.com")
    return recipient("bad@example.com", made.public)._replace(certificate=made.public + more.public)


def of_somebody_else() -> Recipient:
    """One whose certificate is not the one chosen."""
    other = forge_usable("other@example.com")
    return recipient("bad@example.com", other.public)._replace(fingerprint="A" * 40)


def with_a_dead_subkey() -> Recipient:
    """One of whose two subkeys has been revoked since."""
    made = forge_usable("bad@example.com")
    second = made.bind(Key.encrypting(now() - 50 * DAY), ENCRYPT)
    before = recipient("bad@example.com", made.public)
    made.revoke_subkey(second, at=now() - DAY)
    return before._replace(certificate=made.public)


def of_the_wrong_version() -> Recipient:
    """One that is said to take SEIPDv2 and does not."""
    made = forge_usable("bad@example.com")
    return recipient("bad@example.com", made.public)._replace(seipd=2)


REFUSED = [
    revoked,
    expired,
    without_encryption,
    sha1,
    broken,
    two_certificates,
    of_somebody_else,
    with_a_dead_subkey,
    of_the_wrong_version,
]


@pytest.mark.parametrize("make", REFUSED, ids=lambda make: make.__name__)
def test_who_cannot_be_encrypted_to_is_named_first(
    make: Callable[[], Recipient], anne: Member, dora: Member, list_signer: ListSecretKey
) -> None:
    """The error names the address before anything is yielded, and the others are served by a second call."""
    recipients = [*of(anne), make(), *of(dora)]
    with pytest.raises(FanOutError) as caught:
        fan_out(TEXT, recipients, list_signer)
    assert (caught.value.address, caught.value.addresses) == ("bad@example.com", ("bad@example.com",))
    rest = [one for one in recipients if one.address not in caught.value.addresses]
    assert len(list(fan_out(TEXT, rest, list_signer))) == 2


def test_all_who_cannot_be_encrypted_to_are_named_at_once(anne: Member, list_signer: ListSecretKey) -> None:
    """So one more call is enough, however many keys have died."""
    recipients = [make()._replace(address=f"{make.__name__}@example.com") for make in (revoked, expired, sha1)]
    with pytest.raises(FanOutError) as caught:
        fan_out(TEXT, [*of(anne), *recipients], list_signer)
    assert caught.value.addresses == ("revoked@example.com", "expired@example.com", "sha1@example.com")


def test_the_library_would_encrypt_to_the_dead() -> None:
    """Why there is a gate: should this fail one day, the library has learnt to refuse."""
    for made in (revoked(), expired()):
        assert pysequoia.encrypt(TEXT, [pysequoia.Cert.from_bytes(made.certificate)])


def test_a_certificate_that_expires_in_the_cache_is_refused(
    anne: Member, list_signer: ListSecretKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The date is looked at for each post, not when the certificate is parsed."""
    recipients = of(anne)
    assert list(fan_out(TEXT, recipients, list_signer))
    target = fanout._targets.get(recipients[0].fingerprint, recipients[0].certificate)
    assert target is not None
    assert target.expires is not None
    gone = dataclasses.replace(target, expires=target.expires.replace(year=2001))
    monkeypatch.setattr(fanout._targets, "get", lambda *_: gone)
    with pytest.raises(FanOutError):
        fan_out(TEXT, recipients, list_signer)


def test_a_large_certificate_takes_the_room_of_many() -> None:
    """People choose how many user IDs and subkeys theirs has, and so how much memory it takes."""
    small, large = forge_usable("small@example.com"), forge_usable("large@example.com")
    for number in range(50):
        large.forged_user_id(f"{number}")
    assert fanout._cost(large.public) > 5 * fanout._cost(small.public)
    cache = fanout._TargetCache(fanout._cost(large.public))
    assert cache.get(large.fingerprint, large.public) is cache.get(large.fingerprint, large.public)
    first = cache.get(small.fingerprint, small.public)
    assert cache.get(small.fingerprint, small.public) is not first


def test_one_version_of_a_certificate_is_kept() -> None:
    """The one before goes when there is a newer one; none is met in place of another."""
    made = forge_usable("m@example.com")
    before = made.public
    made.bind(Key.encrypting(now() - DAY), ENCRYPT)
    cache = fanout._TargetCache(2**20)
    old = cache.get(made.fingerprint, before)
    new = cache.get(made.fingerprint, made.public)
    assert new is not old
    assert cache.get(made.fingerprint, made.public) is new
    assert cache._kept._cost == fanout._cost(made.public)


def test_what_the_library_says_is_not_passed_on(
    anne: Member, list_signer: ListSecretKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its texts may hold stack backtraces, and nobody knows what else."""

    def fail(*_args: object, **_kwargs: object) -> bytes:
        raise RuntimeError("canary")

    monkeypatch.setattr(pysequoia, "encrypt", fail)
    with pytest.raises(OpenPGPError) as caught:
        fan_out(TEXT, of(anne), list_signer)
    assert "canary" not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize(
    ("problem", "spoil"),
    [
        (CertificateProblem.REVOKED, lambda made: made.revoke(at=now() - DAY)),
        (CertificateProblem.EXPIRED, lambda made: made.user_id("ants@example.com", at=now() - DAY, lifetime=DAY)),
    ],
)
def test_a_dead_list_key_sends_nothing(
    problem: CertificateProblem, spoil: Callable[[Forged], None], anne: Member
) -> None:
    """Members would see a warning at best; the owners get a sentence."""
    made = forge_usable("ants@example.com")
    spoil(made)
    with pytest.raises(CertificateError) as caught:
        fan_out(TEXT, of(anne), ListSecretKey(made.secret))
    assert caught.value.problem is problem
