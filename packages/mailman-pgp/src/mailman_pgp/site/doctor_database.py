"""The doctor's look at Mailman's database: reachable, migrated, sealed with this site's key.

It opens a connection of its own and only reads, so that it works beside a running Mailman and without core.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy
from sqlalchemy import Connection, select
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from mailman_pgp.model.tables import Base, ListKey, Site
from mailman_pgp.site import doctor_lists
from mailman_pgp.site.doctor_findings import Area, Finding, error, information, warning

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mailman_pgp.site.doctor_config import CoreConfiguration

CONNECT_SECONDS = 5
LARGEST_REASON = 200
SITE_KEY_ROW = "site_key"
KEY_MEND = "Restore the key file that belongs to this database from its backup, and restart Mailman."


class UnreachableError(Exception):
    """The database can't be opened; the text is a sentence for people, without a password."""


class NotYetError(UnreachableError):
    """There is no database, as before Mailman's first start."""


def examine(config: CoreConfiguration, key_ids: Sequence[str]) -> Iterator[Finding]:
    """Look at the database that `config` names; `key_ids` are those of the key file, none where it could not be read."""
    try:
        with connection(config) as connected:
            yield from _about(connected, config, key_ids)
    except ImportError as problem:
        yield error(
            Area.VERSIONS,
            f"Mailman's core can't be imported: {problem}.",
            "Install Mailman and mailman-pgp once more, into one environment of Python 3.11 or 3.12.",
        )
    except NotYetError as problem:
        yield information(Area.DATABASE, str(problem))
    except UnreachableError as problem:
        yield error(
            Area.DATABASE, str(problem), f"Start the database, or correct `url` in [database] of {config.path}."
        )
    except SQLAlchemyError as problem:
        yield error(
            Area.DATABASE,
            f"The database answers with an error: {_reason(problem)}",
            "Let the user who runs Mailman do this check, and look into the database's log.",
        )


@contextmanager
def connection(config: CoreConfiguration) -> Iterator[Connection]:
    """A connection for reading; raises `UnreachableError`."""
    try:
        url = make_url(config.database_url)
    except ArgumentError:
        raise UnreachableError("The `url` in [database] is no database URL.") from None
    where = url.render_as_string(hide_password=True)
    try:
        engine = _sqlite(url) if url.get_backend_name() == "sqlite" else _server(url)
    except (ImportError, NoSuchModuleError):
        raise UnreachableError(f"The Python driver for {where} is not installed.") from None
    try:
        connected = engine.connect()
    except SQLAlchemyError as problem:
        raise UnreachableError(f"The database {where} can't be reached: {_reason(problem)}") from None
    with connected:
        yield connected


def recorded_key_id(connected: Connection) -> str | None:
    """The id of the site key that this database was sealed with; None before its first use, or without our tables."""
    if not sqlalchemy.inspect(connected).has_table(Site.__tablename__):
        return None
    return connected.scalar(select(Site.value).where(Site.name == SITE_KEY_ROW))


def _sqlite(url: URL) -> sqlalchemy.Engine:
    path = Path(url.database or "")
    if not path.exists():
        raise NotYetError(f"There is no database {path} yet: Mailman makes it at its first start.")
    # Read only, or a check would create what it looks for.
    return sqlalchemy.create_engine(
        URL.create("sqlite", database=f"file:{path}", query={"mode": "ro", "uri": "true"}), poolclass=NullPool
    )


def _server(url: URL) -> sqlalchemy.Engine:
    if url.get_backend_name() != "postgresql":
        raise UnreachableError(
            f"mailman-pgp works on SQLite and PostgreSQL, not on {url.get_backend_name()}: choose one of the two."
        )
    return sqlalchemy.create_engine(url, poolclass=NullPool, connect_args={"connect_timeout": CONNECT_SECONDS})


def _about(connected: Connection, config: CoreConfiguration, key_ids: Sequence[str]) -> Iterator[Finding]:
    # Here, since it imports core's configuration module, whose import may be what fails.
    from mailman_pgp.model.database import TABLES  # noqa: PLC0415

    inspector = sqlalchemy.inspect(connected)
    if not inspector.has_table(TABLES.version_table):
        if is_running(config):
            yield error(
                Area.DATABASE,
                "Mailman is running, but the tables of mailman-pgp are not in its database.",
                "Restart Mailman; if they are still missing, look into its log plugins.log.",
            )
        else:
            yield information(
                Area.DATABASE, "The tables of mailman-pgp are not there yet; Mailman makes them at its next start."
            )
        return
    revision, newest = TABLES.current_revision(connected), TABLES.newest_revision()
    missing = [name for name in Base.metadata.tables if not inspector.has_table(name)]
    if revision != newest:
        grave = error if is_running(config) else warning
        yield grave(
            Area.DATABASE,
            f"The tables of mailman-pgp have the version {revision}; this release works with {newest}.",
            "Restart Mailman, which brings older tables up to date; tables of a later release need that release.",
        )
        return
    if missing:
        yield error(
            Area.DATABASE,
            f"The database has lost tables: {', '.join(sorted(missing))}.",
            "Restore it from its backup.",
        )
        return
    yield from _about_key(connected, recorded_key_id(connected), key_ids)
    yield from doctor_lists.examine(connected)


def foreign_lists(connected: Connection, key_ids: Sequence[str]) -> list[str]:
    """The list-ids of those of whose keys one was sealed under none of these site keys, sorted."""
    query = select(ListKey.list_id).where(ListKey.sealed_by.not_in(key_ids)).distinct().order_by(ListKey.list_id)
    return list(connected.scalars(query))


def list_with_key(connected: Connection, fingerprint: str) -> str | None:
    """The list-id of the list that has, or had, the key with this fingerprint."""
    return connected.scalar(select(ListKey.list_id).where(ListKey.fingerprint == fingerprint))


def _about_key(connected: Connection, recorded: str | None, key_ids: Sequence[str]) -> Iterator[Finding]:
    if not key_ids:
        return  # that the key file can't be read is a finding already
    if recorded is not None and recorded not in key_ids:
        yield error(
            Area.DATABASE,
            f"The key file is of another site: it holds the key {key_ids[0]}, and this database was sealed with {recorded}.",
            KEY_MEND,
        )
        return
    foreign = foreign_lists(connected, key_ids)
    if foreign:
        yield error(
            Area.DATABASE,
            f"List keys were sealed with another site key than {key_ids[0]}: those of {', '.join(foreign)}.",
            KEY_MEND,
        )


def is_running(config: CoreConfiguration) -> bool:
    """Whether Mailman's master process is alive."""
    try:
        pid = int(Path(config.paths["pid_file"]).read_text(encoding="ascii").strip())
        os.kill(pid, 0)
    except PermissionError:
        return True
    except (OSError, ValueError):
        return False
    return True


def _reason(problem: SQLAlchemyError) -> str:
    """The first line of what the driver says: it names hosts and users, and never a password or a statement."""
    text = str(getattr(problem, "orig", None) or type(problem).__name__).strip().partition("\n")[0]
    return text[:LARGEST_REASON].rstrip(".") + "."
