"""How one key of a list follows another, and how a key ends."""

from __future__ import annotations

import dataclasses
import datetime as dt

import pytest
from keys import DAY, forge_usable
from keys import now as seconds_now

from mailman_pgp import openpgp
from mailman_pgp.keys import certifications, key_news, revoking, succession, vault
from mailman_pgp.keys.vault import opening
from mailman_pgp.model.database import now
from mailman_pgp.openpgp import ListSecretKey, NewListKey, Reason
from mailman_pgp.openpgp.armor import PUBLIC_KEY, armor

ANT = "ant.example.com"

pytestmark = pytest.mark.usefixtures("healthy")


@pytest.fixture
def keys(list_keys: list[NewListKey]) -> tuple[NewListKey, NewListKey]:
    """The first key of a list, which it has, and the next one."""
    vault.store_list_key(ANT, list_keys[0])
    return list_keys[0], list_keys[1]


def opens(message_to: NewListKey) -> bool:
    """Whether mail that is encrypted to a key is opened by the list."""
    import pysequoia  # noqa: PLC0415 - the test's own program

    certificate = pysequoia.Cert.from_bytes(message_to.certificate.data)
    message = pysequoia.encrypt(b"text", [certificate], armor=False)
    try:
        return openpgp.open_message(message, vault.opening_secrets(ANT), []).content == b"text"
    except openpgp.OpeningError:
        return False


def test_both_open(keys: tuple[NewListKey, NewListKey], monkeypatch: pytest.MonkeyPatch) -> None:
    """Within the overlap both open mail, after it the new one alone; the former certificate says when, and expires then."""
    old, new = keys
    done = succession.succeed(ANT, new, 10)
    assert done.before.fingerprint == old.certificate.fingerprint
    assert opens(old)
    assert opens(new)
    retired = vault.certificates(ANT)[1]
    assert retired.expires == retired.opens_until == done.until == openpgp.inspect(retired.certificate).expires
    assert done.until is not None
    later = done.until + dt.timedelta(seconds=1)
    monkeypatch.setattr(opening, "now", lambda: later)
    assert not opens(old)
    assert opens(new)


def test_vouched_for(keys: tuple[NewListKey, NewListKey]) -> None:
    """What is handed out of the new key is certified by the former one, which everybody can verify."""
    old, new = keys
    succession.succeed(ANT, new)
    own, handed = vault.certificate(ANT), certifications.certified(ANT)
    assert own.certificate == new.certificate.data
    found = openpgp.certifications(own.certificate, handed.certificate, old.certificate.data)
    assert len(found) == len(new.certificate.user_ids)
    assert openpgp.read_certificate(handed.certificate).data == new.certificate.data


def test_a_chain(keys: tuple[NewListKey, NewListKey], list_keys: list[NewListKey]) -> None:
    """Who knows the first of three keys finds the way to the last: each is handed out with what the one before has certified."""
    one, two = keys
    succession.succeed(ANT, two)
    succession.succeed(ANT, list_keys[2])
    third, second, _ = vault.certificates(ANT)
    for key, signer in ((third, two), (second, one)):
        found = openpgp.certifications(key.certificate, certifications.with_former(key), signer.certificate.data)
        assert {each.signer for each in found} == {signer.certificate.fingerprint}


def test_after_one_that_has_expired(list_keys: list[NewListKey]) -> None:
    """It lives again for the overlap, so that its word counts."""
    made = forge_usable("Ant <ant@example.com>", age=100 * DAY, lifetime=50 * DAY)
    expired = NewListKey(made.secret, openpgp.inspect(made.public), b"")
    vault.store_list_key(ANT, expired)
    succession.succeed(ANT, list_keys[1], 5)
    retired = vault.certificates(ANT)[1]
    assert openpgp.inspect(retired.certificate).usability.usable
    assert ListSecretKey(vault.announcing_secret(ANT)).fingerprint == expired.certificate.fingerprint
    assert opens(openpgp.NewListKey(b"", openpgp.inspect(retired.certificate), b""))


@pytest.mark.parametrize("reason", list(Reason))
def test_revoked(keys: tuple[NewListKey, NewListKey], reason: Reason) -> None:
    """A revoked key opens nothing, and vouches for nothing; its certificate goes on saying so."""
    old, new = keys
    revoking.revoke(revoking.key_of(ANT, None), reason, "Ask the owners.")
    assert openpgp.inspect(certifications.certified(ANT).certificate).revoked
    assert vault.waits(ANT)
    done = succession.succeed(ANT, new)
    assert done.until is None
    assert not opens(old)
    assert opens(new)
    assert certifications.certified(ANT).certificate == new.certificate.data
    assert ListSecretKey(vault.announcing_secret(ANT)).fingerprint == new.certificate.fingerprint
    with pytest.raises(vault.VaultError, match="revoked already"):
        revoking.revoke(revoking.key_of(ANT, old.certificate.fingerprint), reason, "")


def test_a_retired_key_is_revoked(keys: tuple[NewListKey, NewListKey]) -> None:
    """Within the overlap, too: it opens nothing any more, and the list goes on."""
    old, new = keys
    succession.succeed(ANT, new)
    revoking.revoke(revoking.key_of(ANT, old.certificate.fingerprint), Reason.COMPROMISED, "")
    assert not opens(old)
    assert opens(new)
    assert not vault.waits(ANT)
    assert ListSecretKey(vault.announcing_secret(ANT)).fingerprint == new.certificate.fingerprint


def test_by_a_certificate_that_was_kept(keys: tuple[NewListKey, NewListKey]) -> None:
    """From the first day there is one; it revokes the key also where nothing secret can be read any more."""
    old, _ = keys
    kept = vault.revocation(ANT)
    from mailman_pgp.site import health  # noqa: PLC0415 - as the others

    health.forget()
    assert revoking.revoke_by(ANT, kept).fingerprint == old.certificate.fingerprint
    assert vault.waits(ANT)
    with pytest.raises(vault.VaultError, match="revoked already"):
        revoking.revoke_by(ANT, kept)


def test_by_a_revoked_copy(keys: tuple[NewListKey, NewListKey]) -> None:
    """A copy of the list's certificate with a revocation does the same, as GnuPG exports it after an import of one."""
    old, _ = keys
    ended = openpgp.end(old.secret, old.certificate.data, Reason.RETIRED, "")
    assert revoking.revoke_by(ANT, armor(ended.data, PUBLIC_KEY)).fingerprint == old.certificate.fingerprint
    assert openpgp.inspect(vault.certificate(ANT).certificate).revoked


def test_what_revokes_nothing(keys: tuple[NewListKey, NewListKey]) -> None:
    """The revocation of another key, one that was not made by this key, what is none, and what is no key: nothing is changed."""
    old, new = keys
    forged = forge_usable("Ant <ant@example.com>")
    forged.revoke(at=seconds_now() - DAY)
    for data in (new.revocation, forged.public, old.certificate.data, b"", b"no key", old.revocation[:-60]):
        with pytest.raises(vault.VaultError, match="Nothing was changed"):
            revoking.revoke_by(ANT, data)
    assert not vault.waits(ANT)
    with pytest.raises(vault.VaultError, match="has no key"):
        revoking.key_of(ANT, "A" * 40)


def test_that_it_is_told(keys: tuple[NewListKey, NewListKey]) -> None:
    """People are to be told from now on, by one process, which others take over from when it has died, where it has come to."""
    succession.succeed(ANT, keys[1])
    at = now()
    news = key_news.News(ANT, keys[1].certificate.fingerprint)
    assert key_news.to_tell(at) == [news]
    assert key_news.to_tell(at) == []  # somebody does
    later = at + dt.timedelta(days=1)
    assert key_news.to_tell(later) == [news]  # and has died of it
    key_news.told(news, "bart@example.com")
    assert key_news.to_tell(now()) == [dataclasses.replace(news, last="bart@example.com")]
    key_news.told(news, None)
    assert key_news.to_tell(later + dt.timedelta(days=1)) == []


def test_another_key_while_it_is_told(keys: tuple[NewListKey, NewListKey], list_keys: list[NewListKey]) -> None:
    """Who was told of a key was not told of the next one, which the list got meanwhile."""
    succession.succeed(ANT, keys[1])
    (news,) = key_news.to_tell(now())
    succession.succeed(ANT, list_keys[2])
    key_news.told(news, None)
    assert key_news.to_tell(now()) == [key_news.News(ANT, list_keys[2].certificate.fingerprint)]
