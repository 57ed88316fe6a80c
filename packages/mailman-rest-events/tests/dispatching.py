"""From the outbox to receivers, step by step, and what came of it."""

from __future__ import annotations

import json
import time
from collections import Counter
from typing import TYPE_CHECKING, Any

from sqlalchemy import select
from written import endpoint

if TYPE_CHECKING:
    from collections.abc import Callable

    from receivers import Receiver
    from sqlalchemy.orm import Session

ENOUGH = 60


def at(name: str, peer: Receiver, **more: Any) -> Any:
    """The endpoint of a receiver."""
    from dataclasses import replace  # noqa: PLC0415

    return replace(endpoint(name, **more), url=peer.url, timeout=5.0)


def turn_until(dispatch: Any, done: Callable[[], bool]) -> None:
    """Let it work until something is so."""
    end = time.monotonic() + ENOUGH
    while not done():
        assert time.monotonic() < end, "It did not come about."
        dispatch.turn(0.05)


def got(peer: Receiver) -> list[dict[str, Any]]:
    """The events that came, as they came."""
    return [json.loads(body) for _, body in peer.requests]


def states(store: Session) -> Counter[str]:
    """How many deliveries there are in each state."""
    from mailman_rest_events.model.tables import Delivery  # noqa: PLC0415 - core must be initialised

    store.rollback()
    return Counter(store.scalars(select(Delivery.state)))
