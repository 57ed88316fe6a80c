"""Our tables in Mailman's database, and what is done with rows in more than one place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import sqlalchemy
from mailman.config import config
from sqlalchemy.dialects import postgresql, sqlite

from mailman_plugin_kit.database import OwnTables, now, store

if TYPE_CHECKING:
    from collections.abc import Collection

    from mailman_pgp.model.tables import Base

__all__ = ["TABLES", "among", "commit", "insert_once", "now", "prepared", "store"]

# As many as a page of REST has at most.
_NAMED_AT_MOST = 1000

TABLES = OwnTables("mailman-pgp", "mailman_pgp.model:migrations", "pgp_alembic")


def prepared() -> bool:
    """Whether our tables are in this database; they are from the plugin's first complete start on."""
    return sqlalchemy.inspect(store().connection()).has_table("pgp_list")


def commit() -> None:
    """Commit; not core's `config.db.commit()` alone, which swallows what keeps it from committing."""
    store().flush()
    config.db.commit()


def among(column: Any, names: Collection[str]) -> Any:
    """The condition that a column has one of some names; of so many that reading all is cheaper, that it has any."""
    return column.in_(names) if len(names) <= _NAMED_AT_MOST else sqlalchemy.true()


def insert_once(table: type[Base], **values: Any) -> bool:
    """Insert a row unless one with its key, or its unique columns, is there already; tell whether it was inserted.

    Nothing is raised for a row that is there, so the transaction goes on.  (A savepoint would do the same on
    PostgreSQL; on SQLite it commits by itself when it is the first write of a transaction.)
    """
    session = store()
    session.flush()
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    statement = insert(table).values(**values).on_conflict_do_nothing()
    return bool(cast("Any", session.execute(statement)).rowcount)
