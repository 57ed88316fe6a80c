"""Mail servers that the tests of the delivery share."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

# Helpers beside the tests, which pytest's importlib mode does not put on the path.
sys.path.insert(0, str(Path(__file__).parent))

from authority import Authority, make_authority
from scripted import ScriptedServer


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    """A server; the test that used it fails when a client broke the rules of pipelining."""
    scripted = ScriptedServer()
    yield scripted
    scripted.stop()
    assert scripted.violations == []


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """A certificate authority that nobody else knows."""
    return make_authority(tmp_path_factory.mktemp("authority"))
