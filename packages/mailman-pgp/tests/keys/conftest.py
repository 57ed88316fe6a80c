"""Certificates whose every date a test may choose, and list keys."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mailman_pgp import openpgp

# The keys that the tests of the OpenPGP boundary make by hand; pytest's importlib mode does not put them on the path.
sys.path.insert(0, str(Path(__file__).parent.parent / "openpgp"))

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def forge() -> Callable[..., openpgp.Certificate]:
    """Make certificates: ``forge("anne@example.com")``."""
    from keys import forge_usable  # noqa: PLC0415 - see the path above

    def made(address: str) -> openpgp.Certificate:
        return openpgp.inspect(forge_usable(f"Somebody <{address}>").public)

    return made


@pytest.fixture(scope="session")
def list_keys() -> list[openpgp.NewListKey]:
    """Three list keys, of lists that don't matter."""
    return [openpgp.generate("Ant", ["ant@example.com", "ant-request@example.com"]) for _ in range(3)]
