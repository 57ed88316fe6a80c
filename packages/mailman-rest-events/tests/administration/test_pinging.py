"""A ping: at once, signed, and past the outbox."""

from __future__ import annotations

import base64
import json
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import jsonschema_rs
import pytest
from receivers import OK, Receiver, answer, drips, receiver

from mailman_rest_events.schemas import EVENTS, schema_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from standing import Outbox

SECRET = b"s" * 32


@pytest.fixture
def ping(core: Any) -> Any:  # noqa: ARG001 - core must be initialised
    from mailman_rest_events.administration.pinging import ping  # noqa: PLC0415

    return ping


@pytest.fixture
def lead_to(endpoints: dict[str, Any]) -> Callable[..., None]:
    """Have the endpoint "web" lie at a receiver."""

    def lead(peer: Receiver, **more: Any) -> None:
        endpoints["web"] = replace(endpoints["web"], url=peer.url, **more)

    return lead


def test_taken(ping: Any, lead_to: Callable[..., None], outbox: Outbox) -> None:
    """A receiver believes it as it does any event; nothing is written down, and no number is used."""
    from mailman_rest_events.receiving.verifying import verify  # noqa: PLC0415

    with receiver() as peer:
        lead_to(peer, secrets=(SECRET,))
        found = ping("web")
    assert (found.taken, found.problem, found.started) == (True, "", False)
    assert 0 < found.seconds < 60
    ((head, body),) = peer.requests
    headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:])
    event = verify(headers, body, secrets=["whsec_" + base64.b64encode(SECRET).decode()])
    assert (event.name, event.sequence, event.data) == ("PingEvent", None, {})
    jsonschema_rs.validate({each.name: schema_of(each) for each in EVENTS}["PingEvent"], json.loads(body))
    assert outbox.deliveries() == []
    assert outbox.course("web").sequence == 0


def test_not_taken(ping: Any, lead_to: Callable[..., None], outbox: Outbox) -> None:
    """It changes nothing, also for an endpoint that is stopped."""
    outbox.course("web", stopped="It answered 410.", failures=2)
    with receiver(answer("500 Oops")) as peer:
        lead_to(peer)
        found = ping("web")
    outbox.store.commit()
    assert (found.taken, found.problem, found.started) == (False, "It answered 500.", False)
    row = outbox.course("web")
    assert (row.stopped, row.failures) == ("It answered 410.", 2)


def test_starts_again(ping: Any, lead_to: Callable[..., None], outbox: Outbox) -> None:
    """Whoever takes it is sent what waits, at once."""
    import datetime as dt  # noqa: PLC0415

    from mailman_plugin_kit.database import now  # noqa: PLC0415 - core must be initialised

    outbox.course("web", stopped="It answered 410.")
    with receiver() as peer:
        lead_to(peer)
        assert ping("web").started
        outbox.course("web", due=now() + dt.timedelta(hours=4), failures=12)
        assert not ping("web").started
    outbox.store.commit()
    row = outbox.course("web")
    assert (row.stopped, row.due, row.failures) == ("", None, 0)


def test_time_is_bounded(ping: Any, lead_to: Callable[..., None]) -> None:
    """By the endpoint's own limit, and by the caller's."""
    with receiver(drips) as peer:
        lead_to(peer, timeout=30.0)
        began = time.monotonic()
        found = ping("web", most_seconds=1.0)
    assert (found.taken, found.problem) == (False, "No complete answer came within 1 seconds.")
    assert time.monotonic() - began < 20


def test_keeps_nobody_waiting(ping: Any, lead_to: Callable[..., None], core: Any, outbox: Outbox) -> None:
    """While an endpoint thinks, others write into the database."""
    outbox.course("web", failures=1)

    def writes(peer: Any) -> None:
        with core.db.engine.begin() as other:
            other.exec_driver_sql("UPDATE ev_endpoint SET failures = 7")
        peer.sendall(OK)

    with receiver(writes) as peer:
        lead_to(peer)
        assert ping("web").taken


def test_no_such_endpoint(ping: Any, outbox: Outbox) -> None:  # noqa: ARG001 - there are others
    """It is said which there are."""
    from mailman_rest_events.administration.mistakes import UnknownError  # noqa: PLC0415

    with pytest.raises(UnknownError, match=r"There is no endpoint 'nobody'. Those there are: web, other\."):
        ping("nobody")
