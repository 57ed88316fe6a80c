"""Mailman's database as we use it: core's own session, our migrations, naive UTC times.

Only core's session is used, so that our rows and core's are one transaction: a second one deadlocks on SQLite and
survives core's rollbacks on PostgreSQL.
"""

from __future__ import annotations

import datetime as dt
import fcntl
import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import alembic.command
import sqlalchemy
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from mailman.config import config
from sqlalchemy.dialects import postgresql, sqlite

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection, Engine
    from sqlalchemy.orm import Session

    from mailman_pgp.model.tables import Base

VERSION_TABLE = "pgp_alembic"
_LOCK_FILE = "pgp_alembic.lock"


class MigrationError(Exception):
    """Our tables can't be brought to this version; the text says what to do."""


def store() -> Session:
    """Core's session; autoflush is on, and whoever runs the transaction commits it."""
    return cast("Session", config.db.store)


def now() -> dt.datetime:
    """The time as the database keeps it: naive UTC."""
    return dt.datetime.now(dt.UTC).replace(tzinfo=None)


def prepared() -> bool:
    """Whether our tables are in this database; they are from the plugin's first complete start on."""
    return sqlalchemy.inspect(store().connection()).has_table("pgp_list")


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


def current_revision(connection: Connection) -> str | None:
    """The version of our tables in this database, None when there are none."""
    context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
    return context.get_current_revision()


def newest_revision() -> str:
    """The version of our tables that this release works with."""
    return cast("str", ScriptDirectory.from_config(_alembic_config()).get_current_head())


def migrate() -> None:
    """Bring our tables to the version of this release; to be called in each process, costs next to nothing later.

    Processes that start together do it one after the other, and a migration is done wholly or not at all.  Commits
    core's transaction first, which must not wait for us with locks of its own.

    :raises MigrationError: when the tables are of a later release.
    """
    engine: Engine = config.db.engine
    config.db.commit()
    if _is_newest(engine):
        return
    with _migration_lock(), engine.begin() as connection:
        if engine.dialect.name == "sqlite":
            # Python's driver begins no transaction for DDL, so we do: a migration is done wholly or not at all.
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        try:
            alembic.command.upgrade(_alembic_config(connection), "head")
        except CommandError as error:
            # Alembic's text speaks of its own files.
            raise MigrationError(
                f"The tables of mailman-pgp in this database (version {current_revision(connection)}) were made by a "
                f"later release than this one. Install that release again, or restore the database from its backup."
            ) from error


def _is_newest(engine: Engine) -> bool:
    with engine.connect() as connection:
        return current_revision(connection) == newest_revision()


def _alembic_config(connection: Connection | None = None) -> Config:
    made = Config(attributes={"connection": connection})
    made.set_main_option("script_location", "mailman_pgp.model:migrations")
    made.set_main_option("path_separator", "os")
    return made


@contextmanager
def _migration_lock() -> Iterator[None]:
    # The kernel's lock ends with its process.  One that lapses after a time could let a second migration in.
    path = Path(config.LOCK_DIR) / _LOCK_FILE
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o660)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
