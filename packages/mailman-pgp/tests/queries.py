"""The queries that something costs."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def counted() -> Iterator[list[str]]:
    """Gather the statements that core's database is sent inside."""
    from mailman.config import config  # noqa: PLC0415 - core must be initialised
    from sqlalchemy import event  # noqa: PLC0415 - beside it

    found: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        found.append(statement)

    event.listen(config.db.engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(config.db.engine, "before_cursor_execute", note)
