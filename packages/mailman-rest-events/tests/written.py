"""Endpoints, and what stands in the outbox for them."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mailman_rest_events.endpoints.settings import Endpoint

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


def endpoint(name: str = "web", events: str = ".*", **more: Any) -> Endpoint:
    """An endpoint as its section would make it."""
    return Endpoint(name, "http://127.0.0.1:9/", "a-long-random-key", re.compile(events), allow_private=True, **more)


@dataclass(slots=True)
class Written:
    """What stands in the outbox."""

    store: Session
    endpoints: list[Endpoint] = field(default_factory=list)

    def rows(self) -> list[tuple[str, str | None, Any]]:
        """Name, list and data of each event, in the order in which they were written down."""
        from sqlalchemy import select  # noqa: PLC0415

        from mailman_rest_events.model.tables import Delivery, Happened  # noqa: PLC0415 - core must be initialised

        query = select(Happened).join(Delivery, Delivery.event == Happened.uid).order_by(Delivery.id)
        return [(row.name, row.list_id, json.loads(row.data)) for row in self.store.scalars(query)]

    def names(self) -> list[str]:
        """The names alone."""
        return [name for name, _, _ in self.rows()]
