"""What operators find: deliveries in every state, and the doors by which they look at them."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

if TYPE_CHECKING:
    from collections.abc import Mapping

    from falcon.testing import Result
    from sqlalchemy.orm import Session

CREDENTIALS = "Basic cmVzdGFkbWluOnJlc3RwYXNz"  # restadmin:restpass, of core's configuration for tests
BASE = "/3.1/plugins/events"
ANT = "ant.example.com"


@dataclass(frozen=True, slots=True)
class Outbox:
    """What stands in the outbox."""

    store: Session

    def put(
        self,
        number: int = 1,
        *endpoints: str,
        name: str = "Happening",
        list_id: str | None = ANT,
        ago: float = 0.0,
        **columns: Any,
    ) -> list[str]:
        """Write events down, so many seconds ago, their deliveries with these columns; their IDs.  Committed."""
        from mailman_plugin_kit.database import now  # noqa: PLC0415 - core must be initialised
        from mailman_rest_events.model.tables import Delivery  # noqa: PLC0415
        from mailman_rest_events.outbox import writing  # noqa: PLC0415

        made = []
        for _ in range(number):
            uid, at = writing.new_uid(), now() - dt.timedelta(seconds=ago)
            writing.put(uid, name, list_id, {"of": uid}, at=at, endpoints=endpoints or ("web",))
            self.store.flush()
            for row in self.store.query(Delivery).filter_by(event=uid):
                if columns.get("state", "waiting") != "waiting":
                    self.course(row.endpoint).sequence += 1
                    row.sequence = self.course(row.endpoint).sequence
                for column, value in columns.items():
                    setattr(row, column, value)
            made.append(uid)
        self.store.commit()
        return made

    def course(self, name: str, **columns: Any) -> Any:
        """How it goes with an endpoint, changed like this."""
        from mailman_rest_events.outbox import claims  # noqa: PLC0415 - core must be initialised

        found = claims.course(name)
        for column, value in columns.items():
            setattr(found, column, value)
        self.store.flush()
        return found

    def deliveries(self, uid: str | None = None) -> list[Any]:
        """The rows, as another process sees them."""
        from mailman_rest_events.model.tables import Delivery  # noqa: PLC0415 - core must be initialised

        self.store.rollback()
        query = self.store.query(Delivery).order_by(Delivery.id)
        return list(query if uid is None else query.filter_by(event=uid))

    def states(self) -> Counter[str]:
        """How many there are in each state."""
        return Counter(row.state for row in self.deliveries())


@dataclass(frozen=True, slots=True)
class Door:
    """Requests to our part of REST, each in a transaction of its own, as core has it."""

    client: Any

    def __call__(
        self,
        method: str,
        path: str = "",
        form: Mapping[str, Any] | None = None,
        *,
        json: Any = None,
        body: bytes | None = None,
        content_type: str | None = None,
        credentials: str = CREDENTIALS,
    ) -> Result:
        """Send a request."""
        headers = {"Authorization": credentials}
        if form is not None:
            body, content_type = urlencode(form).encode(), "application/x-www-form-urlencoded"
        if content_type is not None:
            headers["Content-Type"] = content_type
        path, _, query = path.partition("?")
        return self.client.simulate_request(
            method, f"{BASE}{path}", query_string=query, headers=headers, json=json, body=body
        )

    def good(self, method: str, path: str = "", form: Mapping[str, Any] | None = None, **more: Any) -> Any:
        """Send a request that must succeed, and return its answer."""
        result = self(method, path, form, **more)
        assert result.status_code == 200, result.text
        return result.json

    def refused(self, status: int, method: str, path: str, form: Mapping[str, Any] | None = None, **more: Any) -> str:
        """Send a request that must be refused with this status; return its sentence."""
        result = self(method, path, form, **more)
        assert result.status_code == status, result.text
        assert result.headers["content-type"].startswith("application/json")
        assert result.json["title"].startswith(str(status))
        sentence: str = result.json["description"]
        assert sentence.endswith(".")
        return sentence
