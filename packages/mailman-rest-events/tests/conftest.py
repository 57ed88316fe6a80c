"""What the tests of events share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from written import Written

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.orm import Session


@pytest.fixture
def written(store: Session) -> Iterator[Written]:
    """The outbox of a site with endpoints; append to its `endpoints` before anything happens."""
    from zope.event import subscribers  # noqa: PLC0415

    from mailman_rest_events.outbox.writing import subscriber  # noqa: PLC0415 - core must be initialised

    found = Written(store)
    listener = subscriber(found.endpoints)
    subscribers.append(listener)
    yield found
    subscribers.remove(listener)
