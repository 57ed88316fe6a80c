"""Another process, which wants to change a row at the same moment."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@contextmanager
def rival(core: Any, statement: sa.Update) -> Iterator[Callable[[], bool]]:
    """Try to execute a statement on another connection, without waiting: called, it tells whether it was kept out."""
    url = core.db.engine.url
    at_once = {"timeout": 0} if url.get_backend_name() == "sqlite" else {"options": "-c lock_timeout=100"}
    engine = sa.create_engine(url, connect_args=at_once)

    def kept_out() -> bool:
        try:
            with engine.begin() as connection:
                connection.execute(statement)
        except sa.exc.OperationalError:
            return True
        return False

    yield kept_out
    engine.dispose()
