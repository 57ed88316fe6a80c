"""Mail servers that the tests of the delivery share."""

from collections.abc import Iterator

import pytest
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
