"""Certificates whose every date a test may choose, and list keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from keys import forge_usable

from mailman_pgp import openpgp

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def forge() -> Callable[..., openpgp.Certificate]:
    """Make certificates: ``forge("anne@example.com")``."""

    def made(address: str) -> openpgp.Certificate:
        return openpgp.inspect(forge_usable(f"Somebody <{address}>").public)

    return made


@pytest.fixture(scope="session")
def list_keys() -> list[openpgp.NewListKey]:
    """Three list keys, of lists that don't matter."""
    return [openpgp.generate("Ant", ["ant@example.com", "ant-request@example.com"]) for _ in range(3)]
