"""Keys and programs that the tests of the OpenPGP boundary share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pysequoia
import pytest
from keys import DAY, ENCRYPT, Forged, Key, forge_usable, now
from others import (
    LIST_ADDRESSES,
    Gpg,
    Member,
    Peer,
    Rnp,
    Sop,
    Sq,
    make_member,
    make_rsa_member_without_seipd2,
    run,
)
from workshops import opened

from mailman_pgp.openpgp import listkeys
from mailman_pgp.openpgp.workshop import Workshop

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="session")
def list_key() -> listkeys.NewListKey:
    """The key of the list ants@example.com."""
    return listkeys.generate("Ants", LIST_ADDRESSES)


@pytest.fixture(scope="session")
def list_signer(list_key: listkeys.NewListKey) -> listkeys.ListSecretKey:
    """The same key, ready to sign."""
    return listkeys.ListSecretKey(list_key.secret)


@pytest.fixture(scope="session")
def anne() -> Member:
    """A member with Curve25519, version 4."""
    return make_member("anne@example.com")


@pytest.fixture(scope="session")
def bart() -> Member:
    """Another one."""
    return make_member("bart@example.com")


@pytest.fixture(scope="session")
def cris() -> Member:
    """A member with RSA 2048 who takes SEIPDv2."""
    return make_member("cris@example.com", pysequoia.CipherSuite.RSA2k)


@pytest.fixture(scope="session")
def dora() -> Member:
    """A member with version 6."""
    return make_member("dora@example.com", profile=pysequoia.Profile.RFC9580)


@pytest.fixture(scope="session")
def rita() -> Member:
    """A member with RSA 2048 who takes SEIPDv1 only."""
    return make_rsa_member_without_seipd2("rita@example.com")


@pytest.fixture(scope="session")
def two_keys() -> Forged:
    """A certificate with two live encryption subkeys."""
    made = forge_usable("eva@example.com")
    made.bind(Key.encrypting(now() - 50 * DAY), ENCRYPT)
    return made


@pytest.fixture
def gpg(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gpg]:
    """GnuPG with an empty home."""
    home = tmp_path_factory.mktemp("gpg")
    home.chmod(0o700)
    yield Gpg(home)
    run(["gpgconf", "--homedir", home, "--kill", "all"], check=False)


@pytest.fixture
def sq(tmp_path: Path) -> Sq:
    """Sequoia's sq."""
    return Sq(tmp_path)


@pytest.fixture
def rnp(tmp_path_factory: pytest.TempPathFactory) -> Rnp:
    """RNP with an empty home."""
    return Rnp(tmp_path_factory.mktemp("rnp"))


@pytest.fixture(params=["gpg", "sq", "rnp", "sqop", "gosop"])
def other(request: pytest.FixtureRequest, tmp_path: Path) -> Peer:
    """Each of the other programs in turn."""
    if request.param in {"sqop", "gosop"}:
        return Sop(tmp_path, request.param)
    found: Peer = request.getfixturevalue(request.param)
    return found


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    """No process is left of a test's own workshops."""
    yield
    while opened:
        opened.pop().close()


@pytest.fixture
def shop() -> Workshop:
    """A workshop of a test's own."""
    made = Workshop()
    opened.append(made)
    return made
