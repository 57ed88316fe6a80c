"""A receiver of events, and the settings of a Mailman that tells it of all that happens."""

from __future__ import annotations

import base64
import secrets
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from receivers import OK, Receiver, answer, receiver

from mailman_pgp.sandbox.polling import until
from mailman_rest_events.receiving.verifying import verify

if TYPE_CHECKING:
    from collections.abc import Iterator

KEY = secrets.token_urlsafe(24)
SECRET = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


class Heard:
    """What a receiver was told, verified."""

    def __init__(self) -> None:
        self.peer: Receiver | None = None
        self.down = False

    @property
    def section(self) -> str:
        """Its section in the settings file of the plugin: it is told of everything."""
        assert self.peer is not None
        return (
            f"[endpoint.all]\nurl: {self.peer.url}\napi_key: {KEY}\nevents: .*\nsecret: {SECRET}\nallow_private: yes\n"
        )

    def says(self, peer: Any) -> None:
        """Take everything, or nothing while it is down."""
        peer.sendall(answer("503 Later") if self.down else OK)

    def events(self) -> list[Any]:
        """All events so far, each verified as it came."""
        assert self.peer is not None
        found = []
        for head, body in list(self.peer.requests):
            lines = head.decode().split("\r\n")[1:]
            headers = dict(line.split(": ", 1) for line in lines)
            assert headers["Authorization"] == f"Token {KEY}"
            found.append(verify(headers, body, secrets=[SECRET]))
        return found

    def told(self, name: str, **data: Any) -> Any:
        """The event with this name and these values, when it has come."""
        return until(
            lambda: next(
                (
                    event
                    for event in self.events()
                    if event.name == name and all(event.data.get(key) == value for key, value in data.items())
                ),
                None,
            ),
            f"{name} with {data}",
        )


@contextmanager
def listening() -> Iterator[Heard]:
    """A receiver that takes events meanwhile."""
    made = Heard()
    with receiver(made.says) as made.peer:
        yield made
