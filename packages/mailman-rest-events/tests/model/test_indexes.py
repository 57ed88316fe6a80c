"""What is asked again and again reads no more rows than it must, however many there are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import event
from standing import Outbox
from written import endpoint

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.orm import Session


@pytest.fixture
def plans(store: Session, core: Any) -> Iterator[list[str]]:
    """How SQLite finds what is asked for: a line for each step."""
    if core.db.engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL plans by how many rows there are.")
    found: list[str] = []

    def explain(connection: Any, _cursor: Any, statement: str, values: Any, _context: Any, many: bool) -> None:  # noqa: FBT001 - SQLAlchemy's
        if "ev_delivery" in statement and not many and not statement.startswith(("EXPLAIN", "INSERT")):
            found.extend(row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values))

    outbox = Outbox(store)
    outbox.put(3, state="delivered")
    outbox.put(1)
    event.listen(core.db.engine, "before_cursor_execute", explain)
    yield found
    event.remove(core.db.engine, "before_cursor_execute", explain)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch, store: Session) -> dict[str, Any]:  # noqa: ARG001 - core must be initialised
    """Questions by their names."""
    from mailman_plugin_kit.database import now  # noqa: PLC0415 - core must be initialised
    from mailman_rest_events import site  # noqa: PLC0415
    from mailman_rest_events.administration import deliveries, overview  # noqa: PLC0415
    from mailman_rest_events.outbox import claims, pruning  # noqa: PLC0415
    from mailman_rest_events.outbox.states import State  # noqa: PLC0415

    monkeypatch.setattr(site, "_endpoints", {"web": endpoint("web")})
    return {
        "what waits": lambda: claims.waiting(["web"]),
        "numbers": lambda: claims.number("web", 10),
        "the latest": lambda: deliveries.latest(20),
        "the latest of one": lambda: deliveries.latest(20, "web"),
        "what is parked": lambda: deliveries.page_of(deliveries.Wanted(state=State.PARKED), 0, 50),
        "the state of all": overview.overview,
        "what is old": lambda: pruning.prune(now()),
    }


@pytest.mark.parametrize(
    "question",
    [
        "what waits",
        "numbers",
        "the latest",
        "the latest of one",
        "what is parked",
        "the state of all",
        "what is old",
    ],
)
def test_by_an_index(plans: list[str], asked: dict[str, Any], question: str) -> None:
    """Neither all deliveries are read, nor all of an endpoint, nor all that were delivered."""
    asked[question]()
    ours = [step for step in plans if "ev_delivery" in step]
    assert ours
    for step in ours:
        assert step.startswith("SEARCH ev_delivery USING "), step
        assert "(endpoint=?)" not in step
