"""Two copies of a certificate are put together, and nothing that either knows is lost."""

from __future__ import annotations

import pytest
from certificates import ANNE
from keys import CERTIFY, DAY, ENCRYPT, SIGN, Key, forge_usable, now

from mailman_pgp import openpgp
from mailman_pgp.openpgp import CertificateProblem


def test_merging_extends_a_certificate() -> None:
    """An old and a new copy give one that has both; the order does not matter."""
    made = forge_usable(ANNE, lifetime=50 * DAY)
    old = made.public
    made.user_id(ANNE, at=now() - DAY, lifetime=400 * DAY, usage=CERTIFY | SIGN)
    made.user_id("Anne <new@example.com>", at=now() - DAY, lifetime=400 * DAY, usage=CERTIFY | SIGN)
    assert openpgp.inspect(old).usability.problem is CertificateProblem.EXPIRED
    for merged in (openpgp.merge(old, made.public), openpgp.merge(made.public, old)):
        assert merged.usability.usable
        assert merged.addresses == {"anne@example.com", "new@example.com"}


def test_merging_never_loses_a_revocation() -> None:
    """A copy from before the revocation cannot undo it, in whatever order they are put together."""
    made = forge_usable(ANNE)
    old = made.public
    made.revoke(at=now() - DAY)
    assert openpgp.merge(made.public, old).revoked
    assert openpgp.merge(old, made.public).revoked


def test_different_keys_are_not_merged() -> None:
    """Even when they carry the same user ID."""
    with pytest.raises(ValueError, match="same primary key"):
        openpgp.merge(forge_usable(ANNE).public, forge_usable(ANNE).public)


def test_merging_leaves_out_what_is_superseded_where_it_would_be_too_much() -> None:
    """Whoever renews a key for many years goes on being able to."""
    made = forge_usable(ANNE)
    for n in range(800):
        made.user_id(ANNE, at=now() - 50 * DAY + n, usage=CERTIFY | SIGN)
    old = openpgp.read_certificate(made.public).data
    made.user_ids.clear()
    for n in range(800):
        made.user_id(ANNE, at=now() - 40 * DAY + n, lifetime=(200 + n) * DAY, usage=CERTIFY | SIGN)
    merged = openpgp.merge(old, made.public)
    openpgp.require_usable(merged, "anne@example.com")
    assert merged.expires == openpgp.inspect(made.public).expires
    assert len(merged.data) < 2000


def test_merging_keeps_the_parts_of_the_new_copy_where_there_would_be_too_many() -> None:
    """Whoever was told to delete old subkeys, and did, is heard; a revoked one does not come back with an older copy."""
    made = forge_usable(ANNE)
    for _ in range(63):
        made.bind(Key.encrypting(now() - 50 * DAY), ENCRYPT)
    live = made.public
    made.revoke_subkey(made.subkeys[1].key, at=now() - DAY)
    old = made.public
    revoked = made.subkeys[1].key.key_id
    made.subkeys[1:] = []
    new = [made.bind(Key.encrypting(now() - DAY), ENCRYPT) for _ in range(10)]
    merged = openpgp.merge(old, made.public)
    expected = {made.subkeys[0].key.key_id, *(key.key_id for key in new)}
    assert set(merged.usability.recipients) == expected
    back = openpgp.merge(merged.data, live)
    assert revoked not in back.usability.recipients


def test_a_revocation_is_merged_whatever_the_size() -> None:
    """Nothing that is stored, or comes along, is a reason to go on encrypting to a revoked key."""
    made = forge_usable(ANNE)
    for n in range(63):
        made.user_id(f"Anne {'x' * 900} {n} <{n}@example.com>")
    old = openpgp.read_certificate(made.public).data
    made.user_ids[1:] = []
    for n in range(63):
        made.user_id(f"Anne {'y' * 900} {n} <{n}@example.net>")
        made.revoke_user_id(made.user_ids[-1][0], at=now() - DAY)
    made.revoke(at=now() - DAY)
    new = openpgp.read_certificate(made.public).data
    for first, second in ((old, new), (new, old)):
        assert openpgp.merge(first, second).usability.problem is CertificateProblem.REVOKED
