"""Mail servers that the tests of the delivery share."""

from collections.abc import Iterator
from typing import Any

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


@pytest.fixture
def mta(core: Any, server: ScriptedServer) -> Iterator[ScriptedServer]:
    """The server, as the one that core is configured for."""
    core.push(
        "delivery",
        f"[mta]\noutgoing: mailman_pgp.delivery.deliver\nsmtp_host: 127.0.0.1\nsmtp_port: {server.port}\n",
    )
    yield server
    core.pop("delivery")
