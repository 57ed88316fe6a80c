"""Two copies of a certificate are put together, and nothing that either knows is lost."""

from __future__ import annotations

import pytest
from certificates import ANNE
from keys import CERTIFY, DAY, SIGN, forge_usable, now

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
