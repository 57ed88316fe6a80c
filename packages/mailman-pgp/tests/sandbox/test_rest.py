"""The client of core's REST: what core itself can't help is asked again, and nothing else is."""

from __future__ import annotations

import json
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest

from mailman_pgp.sandbox.rest import Rest, RestError

if TYPE_CHECKING:
    from collections.abc import Iterator


class Core(HTTPServer):
    """Answers with these statuses, one after the other, and with one request that waits."""

    statuses: list[int]
    asked: list[str]


class _Answers(BaseHTTPRequestHandler):
    server: Core

    def do_GET(self) -> None:
        """One answer."""
        self.server.asked.append(self.path)
        status = self.server.statuses.pop(0)
        body = json.dumps({"entries": [{"email": "anne@example.com"}]} if status == 200 else {"title": "No"}).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: Any) -> None:
        """Say nothing."""


@pytest.fixture
def core() -> Iterator[Core]:
    """It, at a port of its own."""
    server = Core(("127.0.0.1", 0), _Answers)
    server.asked = []
    serving = Thread(target=server.serve_forever)
    serving.start()
    yield server
    server.shutdown()
    serving.join()
    server.server_close()


def _rest(core: Core) -> Rest:
    return Rest(f"http://127.0.0.1:{core.server_port}/3.1", "restadmin", "secret")


def test_entries_that_go(core: Core) -> None:
    """Core can't list what goes while it is listing it: it is asked again."""
    core.statuses = [500, 500, 200]
    assert _rest(core).listed("lists/ant.example.com/requests") == [{"email": "anne@example.com"}]
    assert core.asked == ["/3.1/lists/ant.example.com/requests"] * 3


def test_no_such_list(core: Core) -> None:
    """Any other answer is the caller's."""
    core.statuses = [404]
    with pytest.raises(RestError, match="404"):
        _rest(core).listed("lists/ant.example.com/requests")
