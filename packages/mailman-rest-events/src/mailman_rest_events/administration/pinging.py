"""A ping: one signed request at once, past the outbox, which tells whether an endpoint takes events."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, replace

from mailman.config import config

from mailman_plugin_kit.database import now
from mailman_rest_events import site
from mailman_rest_events.administration.deeds import start_again
from mailman_rest_events.administration.mistakes import no_such_endpoint
from mailman_rest_events.outbox.writing import new_uid
from mailman_rest_events.sending import signing
from mailman_rest_events.sending.answers import Verdict
from mailman_rest_events.sending.body import body_of
from mailman_rest_events.sending.transport import Connection

_NAME = "PingEvent"
_LOOK_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Pinged:
    """What came of it.

    :ivar problem: Why it was not taken; empty where it was.
    :ivar seconds: Until the answer was there.
    :ivar started: Whether the endpoint was stopped, and is not any more.
    """

    taken: bool
    problem: str
    seconds: float
    started: bool


def ping(name: str, *, most_seconds: float | None = None) -> Pinged:
    """Ping an endpoint.  When it takes it, what waits for it is sent at once, also where it was stopped; the caller commits.

    What the caller has begun in the database is committed first: nobody has to wait for an endpoint.

    :param most_seconds: Wait no longer than that, where its own time limit is longer.
    :raises UnknownError: when there is no such endpoint.
    """
    endpoint = site.endpoints().get(name)
    if endpoint is None:
        raise no_such_endpoint(name)
    if most_seconds is not None:
        endpoint = replace(endpoint, timeout=min(endpoint.timeout, most_seconds))
    config.db.commit()
    uid = new_uid()
    body = body_of(uid, _NAME, "null", now(), None)
    connection, done = Connection(endpoint), threading.Event()

    def watch() -> None:
        while not done.wait(_LOOK_SECONDS):
            connection.overdue()

    threading.Thread(target=watch, name=f"ping-{name}", daemon=True).start()
    began = time.monotonic()
    try:
        answer = connection.post(body, signing.headers(endpoint.secrets, uid, int(time.time()), body))
    finally:
        done.set()
        connection.close()
    seconds = time.monotonic() - began
    taken = answer.verdict is Verdict.TAKEN
    return Pinged(taken, answer.problem, seconds, started=taken and start_again(name))
