"""The database of a running Mailman, for what nobody can do by any door."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from sqlalchemy import create_engine

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

    from mailman_pgp.sandbox import Sandbox


@contextlib.contextmanager
def database(sandbox: Sandbox) -> Iterator[Connection]:
    """The sandbox's database; what is done is committed at the end."""
    url = sandbox.options.database_url or f"sqlite:///{sandbox.place.var / 'data' / 'mailman.db'}?timeout=30"
    engine = create_engine(url)
    with engine.begin() as connection:
        yield connection
    engine.dispose()
