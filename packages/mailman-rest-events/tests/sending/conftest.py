"""Events that are written down, and the sending of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from dispatching import at

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from receivers import Receiver
    from sqlalchemy.orm import Session


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was not taken is tried again soon; how long it is waited for is tested in test_line.py."""
    from mailman_rest_events.sending import schedule  # noqa: PLC0415

    monkeypatch.setattr(schedule, "delay", lambda _attempts: 0.05)


@pytest.fixture
def happens(store: Session) -> Callable[..., list[str]]:
    """Have events written down: ``happens(3)``, or for other endpoints than "web"; returns their IDs."""
    from mailman_plugin_kit.database import now  # noqa: PLC0415 - core must be initialised
    from mailman_rest_events.outbox import writing  # noqa: PLC0415

    def write(number: int = 1, *endpoints: str) -> list[str]:
        made = [writing.new_uid() for _ in range(number)]
        for uid in made:
            writing.put(uid, "Happening", "ant.example.com", {"of": uid}, at=now(), endpoints=endpoints or ("web",))
        store.commit()
        return made

    return write


@pytest.fixture
def dispatch(store: Session, soon: None) -> Iterator[Callable[..., Any]]:  # noqa: ARG001 - it is tried again soon
    """Send to receivers: ``dispatch(web=peer)``; stopped at the end of the test."""
    from mailman_rest_events.sending.dispatch import Dispatch  # noqa: PLC0415 - core must be initialised

    running = []

    def start(**peers: Receiver) -> Any:
        store.commit()
        made = {name: at(name, peer) for name, peer in peers.items()}
        running.append(Dispatch(made))
        return running[-1]

    yield start
    for each in running:
        each.stop()
