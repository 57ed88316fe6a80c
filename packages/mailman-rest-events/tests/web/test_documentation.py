"""The receivers that docs/receiving.md shows work as they stand there."""

from __future__ import annotations

import re
import threading
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
from website import RAW, SECRET, body, signed

from mailman_rest_events.endpoints.settings import Endpoint
from mailman_rest_events.sending.answers import Verdict
from mailman_rest_events.sending.transport import Connection

if TYPE_CHECKING:
    from collections.abc import Iterator

    from website import Website

TEXT = (Path(__file__).parents[4] / "docs" / "receiving.md").read_text(encoding="utf-8")
SIGNALS, WSGI, DJANGO = re.findall(r"^```python\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
CONTENT = body("evt_1", "ListCreatedEvent", {"list_id": "ant.example.com"})


def run(code: str) -> ModuleType:
    module = ModuleType("from_the_documentation")
    exec(compile(code, "docs/receiving.md", "exec"), module.__dict__)
    return module


@pytest.fixture
def secret(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the environment."""
    monkeypatch.setenv("MAILMAN_SECRET", SECRET)


class Quiet(WSGIRequestHandler):
    """Writes nothing to the terminal."""

    def log_message(self, *_args: Any) -> None:
        """See `BaseHTTPRequestHandler`."""


@pytest.fixture
def connection(secret: None) -> Iterator[Connection]:  # noqa: ARG001 - for its effect
    """Mailman's connection to a server that runs the receiver for WSGI."""
    with make_server("127.0.0.1", 0, run(WSGI).application, handler_class=Quiet) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        url = f"http://127.0.0.1:{server.server_port}/"
        found = Connection(Endpoint("web", url, "a-long-key", re.compile(".*"), secrets=(RAW,), allow_private=True))
        yield found
        found.close()
        server.shutdown()
        thread.join()


def test_wsgi(connection: Connection, capsys: pytest.CaptureFixture[str]) -> None:
    """The receiver for WSGI takes what Mailman sends, works once, and believes nobody else."""
    assert connection.post(CONTENT, signed("evt_1", CONTENT)).verdict is Verdict.TAKEN
    assert connection.post(CONTENT, signed("evt_1", CONTENT)).verdict is Verdict.TAKEN
    assert connection.post(CONTENT, signed("evt_1", CONTENT, raw=b"x" * 32)).problem.startswith("It answered 401")
    assert capsys.readouterr().out == "ListCreatedEvent {'list_id': 'ant.example.com'}\n"


@pytest.mark.usefixtures("secret", "web")
def test_django(capsys: pytest.CaptureFixture[str]) -> None:
    """The one for Django too."""
    from django.test import RequestFactory  # noqa: PLC0415 - Django must be ready

    view = run(DJANGO).mailman_events
    assert view.csrf_exempt

    def status(**more: Any) -> int:
        headers = signed("evt_1", CONTENT, **more)
        request = RequestFactory().post("/", CONTENT, content_type="application/json", headers=headers)
        return int(view(request).status_code)

    assert [status(), status(), status(raw=b"x" * 32)] == [204, 204, 401]
    assert capsys.readouterr().out == "ListCreatedEvent {'list_id': 'ant.example.com'}\n"


def test_signals(web: Website, capsys: pytest.CaptureFixture[str]) -> None:
    """So do the receivers of signals."""
    module = run(SIGNALS)
    web.receivers += [
        (module.received, module.anything),
        (module.signal_for("ListCreatedEvent"), module.list_created),
    ]
    assert web.send("ListCreatedEvent", list_id="no.example.com") == 204
    assert web.send("PasswordChangeEvent") == 204
    assert capsys.readouterr().out.splitlines() == [
        "evt_1 2027-01-15T08:00:00.000Z ListCreatedEvent",
        "There is a new list: no.example.com",
        "evt_2 2027-01-15T08:00:00.000Z PasswordChangeEvent",
    ]


@pytest.mark.usefixtures("web")
def test_pattern() -> None:
    """The endpoint's section names just those events by which the website is kept fresh."""
    from mailman_rest_events.django import events, refreshing  # noqa: PLC0415 - Django must be ready

    pattern = re.search(r"^    events: (.*)$", TEXT, re.MULTILINE)
    assert pattern
    refreshed = {
        name
        for name, signal in events._by_name.items()
        if any(
            receiver().__module__.startswith(refreshing.__name__)
            for _, receiver, *_ in signal.receivers
            if receiver() is not None
        )
    }
    assert len(refreshed) == 9
    assert all(re.fullmatch(pattern[1], name) for name in refreshed)
    assert not re.fullmatch(pattern[1], "ListCreatingEvent")
