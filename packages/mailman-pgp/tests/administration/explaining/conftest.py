"""Mail to a list whose chains are at work, by somebody whose certificate counts and by somebody whom nobody knows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from writers import ANNE, LIST, NORA, Writer

from mailman_pgp.openpgp.memberkeys import MemberKey

if TYPE_CHECKING:
    from conftest import CommandLine, Members


@pytest.fixture(autouse=True)
def _chains(chains: None) -> None:
    """Our chains and our rule are at work."""


@pytest.fixture(scope="module")
def keys() -> dict[str, MemberKey]:
    """The keys of two people."""
    return {address: MemberKey.generate(f"<{address}>") for address in (ANNE, NORA)}


@pytest.fixture
def anne(encrypted: Any, members: Members, run: CommandLine, keys: dict[str, MemberKey]) -> Writer:
    """A member whose certificate counts."""
    members.add(encrypted, ANNE)
    run.ok("certificate", "add", LIST, ANNE, typed=keys[ANNE].certificate)
    return writer(encrypted, keys, ANNE)


@pytest.fixture
def nora(encrypted: Any, keys: dict[str, MemberKey]) -> Writer:
    """Somebody whom the list does not know, and Mailman neither."""
    return writer(encrypted, keys, NORA)


def writer(mlist: Any, keys: dict[str, MemberKey], address: str) -> Writer:
    """Somebody who writes to the list."""
    from mailman_pgp.keys import vault  # noqa: PLC0415 - core must be initialised

    return Writer(keys[address], address, vault.certificate(mlist.list_id).certificate)
