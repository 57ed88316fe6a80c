"""How Alembic runs our migrations: on the connection that `mailman_pgp.model.database.TABLES` gives it."""

from __future__ import annotations

from alembic import context

from mailman_pgp.model.database import TABLES
from mailman_pgp.model.tables import Base


def include_name(name: str | None, kind: str, _parents: object) -> bool:
    """Only our own tables are ours to compare: core's lie in the same database."""
    return kind != "table" or name in Base.metadata.tables


def run() -> None:
    """Run the migrations that Alembic has chosen."""
    connection = context.config.attributes["connection"]
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        version_table=TABLES.version_table,
        include_name=include_name,
        render_as_batch=True,
        compare_type=True,
        # SQLite can roll DDL back, too, once a transaction was begun by hand.
        transactional_ddl=True,
    )
    with context.begin_transaction():
        context.run_migrations()


run()
