"""A company with a service that knows its customers, and a Mailman whose lists may ask it."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    from types import TracebackType

KEY = "for the service alone"
HOME = "customer.example"


@dataclass
class CustomerService:
    """The service, on the loopback interface: ``with CustomerService() as service``."""

    down: bool = False
    asked: list[str] = field(default_factory=list)

    def __enter__(self) -> Self:
        """Start."""
        service = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                email = parse_qs(urlsplit(self.path).query)["email"][0]
                assert self.headers["Authorization"] == f"Bearer {KEY}"
                service.asked.append(email)
                number = f"C-{len(email)}" if email.endswith(f"@{HOME}") else None
                self.send_response(503 if service.down else 200 if number else 404)
                self.end_headers()
                self.wfile.write(json.dumps({"number": number}).encode())

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop."""
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/customers"
