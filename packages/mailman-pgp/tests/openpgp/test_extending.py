"""A list key is extended: the same key, which everybody takes for living longer."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pysequoia
import pytest
from keys import DAY, forge_usable, now
from others import LIST_ADDRESSES

from mailman_pgp import openpgp
from mailman_pgp.openpgp import ListKeyError, ListSecretKey, listkeys
from mailman_pgp.openpgp.listkeys import MAX_VALIDITY_DAYS, NewListKey, generate

if TYPE_CHECKING:
    from others import Gpg


def ahead(days: int) -> datetime:
    """A time to come, naive UTC, in whole seconds."""
    return datetime.now(UTC).replace(tzinfo=None, microsecond=0) + timedelta(days=days)


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
    assert len(made.data) == len(before.data)  # what is superseded is not carried along


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
    expired = listkeys._bound_anew(drawn, user_ids, now() - 30 * DAY, DAY)
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
