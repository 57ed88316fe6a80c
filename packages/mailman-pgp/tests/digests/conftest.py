"""An encrypted list with readers of digests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from collected import ANNE, BART
from mailman.interfaces.member import DeliveryMode
from outgoing import encrypt

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.orm import Session


@pytest.fixture
def ants(mlist: Any, members: Any, store: Session, healthy: None) -> Iterator[Any]:  # noqa: ARG001 - the plugin must be healthy
    """An encrypted list; Anne has chosen digests as messages, and Bart as text."""
    from mailman.config import config  # noqa: PLC0415 - core must be initialised

    encrypt(mlist, [ANNE, BART])
    members.add(mlist, ANNE).preferences.delivery_mode = DeliveryMode.mime_digests
    members.add(mlist, BART).preferences.delivery_mode = DeliveryMode.plaintext_digests
    store.commit()
    yield mlist
    store.rollback()
    out = config.switchboards["out"]
    for name in out.files:
        out.dequeue(name)
        out.finish(name)
