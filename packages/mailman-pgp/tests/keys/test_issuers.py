"""Whose key a signature names: anybody's on the list, or nobody's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from keys import DAY, SIGN, Key, forge_usable, now

from mailman_pgp import openpgp
from mailman_pgp.keys import registry
from mailman_pgp.keys.issuers import owns_key

if TYPE_CHECKING:
    from collections.abc import Callable

ANT, BEE = "ant.example.com", "bee.example.com"
ANNE, BART = "anne@example.com", "bart@example.com"

pytestmark = pytest.mark.usefixtures("store")


def test_primary_key(forge: Callable[[str], openpgp.Certificate]) -> None:
    """A key is recognised by its fingerprint and its key ID, while it counts for anybody on the list."""
    given = forge(ANNE)
    registry.add(ANT, ANNE, given, origin="cli")
    for issuer in (given.fingerprint, given.key_id):
        assert owns_key(ANT, issuer)
        assert not owns_key(BEE, issuer)
    assert not owns_key(ANT, given.fingerprint[:16])  # that would be the key ID of version 6
    for nobody in ("%", "_" * 16, "", "A" * 40):
        assert not owns_key(ANT, nobody)
    registry.remove(ANT, ANNE)
    assert not owns_key(ANT, given.key_id)


def test_subkey_that_signs() -> None:
    """So do programs that sign by a subkey: Sequoia's do so by default."""
    made = forge_usable(f"Somebody <{ANNE}>")
    signs = made.bind(Key.signing(now() - DAY), SIGN)
    registry.add(ANT, ANNE, openpgp.inspect(made.public), origin="cli")
    for issuer in (signs.fingerprint, signs.fingerprint[-16:]):
        assert owns_key(ANT, issuer)
        assert not owns_key(BEE, issuer)
    assert not owns_key(ANT, signs.fingerprint[:16])
    registry.change_state(ANT, ANNE, registry.ChoiceState.SUSPENDED, origin="moderator")
    assert not owns_key(ANT, signs.fingerprint)


def test_bytes_that_are_no_key() -> None:
    """Whatever else stands in a certificate names no key: a name that somebody chose, for one."""
    sought = "41" * 8
    made = forge_usable(f"{bytes.fromhex(sought).decode()} <{BART}>")
    registry.add(ANT, BART, openpgp.inspect(made.public), origin="cli")
    assert bytes.fromhex(sought) in made.public
    assert not owns_key(ANT, sought)
