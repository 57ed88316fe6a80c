"""An encrypted list in a real core, and whoever has subscribed to its events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from outgoing import encrypt
from written import Written, endpoint

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.orm import Session


@pytest.fixture
def encrypted(mlist: Any, healthy: Any) -> Any:  # noqa: ARG001 - it makes a list key
    """The list ant@example.com, encrypted."""
    encrypt(mlist, [])
    return mlist


@pytest.fixture
def heard() -> Iterator[list[Any]]:
    """Our events, as they are told."""
    from zope.event import subscribers  # noqa: PLC0415 - core must be initialised

    found: list[Any] = []

    def hear(event: object) -> None:
        if type(event).__module__.startswith("mailman_pgp."):
            found.append(event)

    subscribers.append(hear)
    yield found
    subscribers.remove(hear)


@pytest.fixture
def written(store: Session) -> Iterator[Written]:
    """The outbox of a site with an endpoint that wants what is ours."""
    from zope.event import subscribers  # noqa: PLC0415 - core must be initialised

    from mailman_pgp.events import installing  # noqa: PLC0415
    from mailman_rest_events.outbox.writing import subscriber  # noqa: PLC0415

    installing.install()
    found = Written(store, [endpoint(events="(Key|ListKey|ListSettings|Member).*")])
    listener = subscriber(found.endpoints)
    subscribers.append(listener)
    yield found
    subscribers.remove(listener)
