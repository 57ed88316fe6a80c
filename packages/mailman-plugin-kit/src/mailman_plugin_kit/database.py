"""Mailman's database as a plugin uses it: core's own session, migrations of the plugin's own, naive UTC times.

Only core's session is used, so that a plugin's rows and core's are one transaction: a second one deadlocks on SQLite and
survives core's rollbacks on PostgreSQL.
"""

from __future__ import annotations

import datetime as dt
import fcntl
import os
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import alembic.command
from alembic import context
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from mailman.config import config
from sqlalchemy import event

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import Connection, Engine, MetaData
    from sqlalchemy.orm import Session


# So many milliseconds a process waits on SQLite until it may write: one can at a time.  Core gives up after five seconds, and then
# REST answers 500, and a message is shunted.  Shorter than the 30 seconds after which gunicorn ends a process of REST that waits.
_PATIENCE = 20_000


class MigrationError(Exception):
    """The plugin's tables can't be brought to this version; the text says what to do."""


def store() -> Session:
    """Core's session; autoflush is on, and whoever runs the transaction commits it."""
    return cast("Session", config.db.store)


def now() -> dt.datetime:
    """The time as the database keeps it: naive UTC."""
    return dt.datetime.now(dt.UTC).replace(tzinfo=None)


def be_patient(engine: Engine) -> None:
    """Have each connection that is made from now on wait until others have written, for longer than core has them wait."""
    if engine.dialect.name == "sqlite" and not event.contains(engine, "connect", _wait):
        event.listen(engine, "connect", _wait)


def _wait(connection: Any, _record: Any) -> None:
    (chosen,) = connection.execute("PRAGMA busy_timeout").fetchone()
    # An operator may have more patience: `?timeout=60` in the URL of the database.
    if chosen < _PATIENCE:
        connection.execute(f"PRAGMA busy_timeout = {_PATIENCE}")


@contextmanager
def whole(*, answers: Callable[[BaseException], bool] = lambda _error: False) -> Iterator[None]:
    """All of what is done inside, or nothing when it raises; what was done before is still the caller's to commit.

    Core's REST commits even where it answers 500, and its command line where it says why it skips somebody.  An error of
    which `answers` says that it is a decision undoes nothing; when not given, none is.
    """
    session = store()
    session.flush()
    connection = session.connection()
    if connection.dialect.name == "sqlite":
        # Python's driver begins no transaction here, and the end of a savepoint without one commits.  The lock is taken at
        # once: who reads first and then wants it, while somebody else does the same, is refused without waiting.
        driver: Any = connection.connection.dbapi_connection
        if not driver.in_transaction:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
    inner = session.begin_nested()
    try:
        yield
    except BaseException as error:
        if answers(error):
            inner.commit()
        else:
            inner.rollback()
        raise
    inner.commit()


@dataclass(frozen=True, slots=True)
class OwnTables:
    """The tables of one plugin in Mailman's database, with a version of their own beside core's.

    `product` is the name that people know, `migrations` the package that holds them (``package:directory``), `version_table`
    where Alembic keeps the version.
    """

    product: str
    migrations: str
    version_table: str

    def current_revision(self, connection: Connection) -> str | None:
        """The version of the tables in this database, None when there are none."""
        found = MigrationContext.configure(connection, opts={"version_table": self.version_table})
        return found.get_current_revision()

    def newest_revision(self) -> str:
        """The version of the tables that this release works with."""
        return cast("str", ScriptDirectory.from_config(self._alembic_config()).get_current_head())

    def migrate(self) -> None:
        """Bring the tables to the version of this release; to be called in each process, costs next to nothing later.

        Processes that start together do it one after the other, and a migration is done wholly or not at all.  Commits
        core's transaction first, which must not wait for us with locks of its own.  From now on the process has patience
        with others that write (`be_patient`).

        :raises MigrationError: when the tables are of a later release.
        """
        engine: Engine = config.db.engine
        config.db.commit()
        be_patient(engine)
        with engine.connect() as connection:
            if self.current_revision(connection) == self.newest_revision():
                return
        with self._lock(), engine.begin() as connection:
            if engine.dialect.name == "sqlite":
                # Python's driver begins no transaction for DDL, so we do: a migration is done wholly or not at all.
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            try:
                alembic.command.upgrade(self._alembic_config(connection), "head")
            except CommandError as error:
                # Alembic's text speaks of its own files.
                raise MigrationError(
                    f"The tables of {self.product} in this database (version {self.current_revision(connection)}) were "
                    f"made by a later release than this one. Install that release again, or restore the database from "
                    f"its backup."
                ) from error

    def run_migrations(self, metadata: MetaData) -> None:
        """Run what Alembic has chosen, on the connection that `migrate` gives it; a plugin's ``env.py`` calls this.

        `metadata` is that of the plugin's tables: only these are compared, since core's lie in the same database.
        """
        context.configure(
            connection=context.config.attributes["connection"],
            target_metadata=metadata,
            version_table=self.version_table,
            include_name=lambda name, kind, _parents: kind != "table" or name in metadata.tables,
            render_as_batch=True,
            compare_type=True,
            # SQLite can roll DDL back, too, once a transaction was begun by hand.
            transactional_ddl=True,
        )
        with context.begin_transaction():
            context.run_migrations()

    def _alembic_config(self, connection: Connection | None = None) -> Config:
        made = Config(attributes={"connection": connection})
        made.set_main_option("script_location", self.migrations)
        made.set_main_option("path_separator", "os")
        return made

    @contextmanager
    def _lock(self) -> Iterator[None]:
        # The kernel's lock ends with its process.  One that lapses after a time could let a second migration in.
        path = Path(config.LOCK_DIR) / f"{self.version_table}.lock"
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o660)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)
