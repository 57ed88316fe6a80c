"""Our migrations: from nothing to the newest version, once, whoever else is doing it."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from mailman_pgp.model import database, tables
from mailman_plugin_kit.database import MigrationError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def bare(store: Any, core: Any) -> Iterator[Any]:
    """Core's engine, over a database without our tables; they are back after the test."""
    store.commit()
    _drop(core.db.engine)
    yield core.db.engine
    store.rollback()  # a transaction that has read our tables would make PostgreSQL wait for ever
    _drop(core.db.engine)
    database.TABLES.migrate()


def _drop(engine: sa.Engine) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql(f"DROP TABLE IF EXISTS {database.TABLES.version_table}")
        tables.Base.metadata.drop_all(connection)


def _ours(engine: sa.Engine) -> set[str]:
    return {name for name in sa.inspect(engine).get_table_names() if name.startswith("pgp_")}


def test_from_nothing(bare: sa.Engine) -> None:
    """An empty database gets every table, and the version that this release works with."""
    database.TABLES.migrate()
    assert _ours(bare) == {*tables.Base.metadata.tables, "pgp_alembic"}
    with bare.connect() as connection:
        assert database.TABLES.current_revision(connection) == database.TABLES.newest_revision()


def test_again(bare: sa.Engine, store: Any) -> None:
    """A second migration changes nothing and loses nothing."""
    database.TABLES.migrate()
    store.add(tables.Site(name="site_key", value="00c0ffee"))
    database.TABLES.migrate()
    assert store.get(tables.Site, "site_key").value == "00c0ffee"
    assert "pgp_site" in _ours(bare)


def test_no_difference_to_the_models(bare: sa.Engine) -> None:
    """What the migrations make is what `tables` describes, down to types, indexes and their conditions."""
    database.TABLES.migrate()
    with bare.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={
                "compare_type": True,
                "compare_server_default": True,
                "include_name": lambda name, kind, _: kind != "table" or name in tables.Base.metadata.tables,
            },
        )
        assert compare_metadata(context, tables.Base.metadata) == []
        found = {
            index["name"]: str(index["dialect_options"][f"{bare.dialect.name}_where"])
            for table in ("pgp_choice", "pgp_list_key")
            for index in sa.inspect(connection).get_indexes(table)
            if index["unique"]
        }
    assert found.keys() == {"ix_pgp_choice_now", "ix_pgp_list_key_current"}
    assert "until IS NULL" in found["ix_pgp_choice_now"]
    assert "current" in found["ix_pgp_list_key_current"]


def test_deliveries_without_a_chunk(bare: sa.Engine) -> None:
    """Rows from before chunks had names are kept as they were; a chunk has one row from then on."""
    import alembic.command  # noqa: PLC0415

    with bare.begin() as connection:
        alembic.command.upgrade(database.TABLES._alembic_config(connection), "0001")
        connection.execute(
            sa.text(
                "INSERT INTO pgp_delivery (list_id, message_id, at, recipients, delivered, skipped, failed) VALUES"
                " ('ant.example.com', '<1>', '2026-01-01', 3, 2, 1, 0), ('ant.example.com', '<1>', '2026-01-01', 3, 3, 0, 0)"
            )
        )
    database.TABLES.migrate()
    name = sa.text("UPDATE pgp_delivery SET chunk = 'c' WHERE delivered = :delivered")
    with bare.begin() as connection:
        found = connection.execute(sa.text("SELECT delivered, chunk, attempts FROM pgp_delivery ORDER BY delivered"))
        assert [tuple(row) for row in found] == [(2, None, 1), (3, None, 1)]
        connection.execute(name, {"delivered": 2})
    with pytest.raises(sa.exc.IntegrityError), bare.begin() as connection:
        connection.execute(name, {"delivered": 3})


def test_events_of_before(bare: sa.Engine) -> None:
    """What an earlier release has told of already is kept, and told of no more."""
    import alembic.command  # noqa: PLC0415

    with bare.begin() as connection:
        alembic.command.upgrade(database.TABLES._alembic_config(connection), "0009")
        connection.execute(
            sa.text(
                "INSERT INTO pgp_key_event (list_id, address, fingerprint, act, at, door, by, earlier) VALUES"
                " ('ant.example.com', 'anne@example.com', 'A', 'suspended', '2026-01-01 00:00:00.000000', 'cli', '', '')"
            )
        )
    database.TABLES.migrate()
    with bare.connect() as connection:
        found = connection.execute(sa.text("SELECT address, act, tell_at FROM pgp_key_event")).all()
        indexes = {index["name"] for index in sa.inspect(connection).get_indexes("pgp_key_event")}
    assert [tuple(row) for row in found] == [("anne@example.com", "suspended", None)]
    assert indexes >= {"ix_pgp_key_event_place", "ix_pgp_key_event_tell_at"}


def test_posts_of_before(bare: sa.Engine) -> None:
    """Of what an earlier release has sent the numbers stay, and nobody is named."""
    import alembic.command  # noqa: PLC0415

    with bare.begin() as connection:
        alembic.command.upgrade(database.TABLES._alembic_config(connection), "0010")
        connection.execute(
            sa.text(
                "INSERT INTO pgp_delivery (list_id, message_id, at, recipients, delivered, skipped, failed, chunk, attempts, complete)"
                " VALUES ('ant.example.com', '<1>', '2026-01-01 00:00:00.000000', 5, 2, 2, 1, 'c', 2, :complete)"
            ),
            {"complete": True},
        )
    database.TABLES.migrate()
    with bare.connect() as connection:
        found = connection.execute(sa.text("SELECT delivered, skipped, failed, chunk, missed FROM pgp_delivery")).all()
    assert [tuple(row) for row in found] == [(2, 2, 1, "c", None)]


def test_core_sees_nothing_of_ours(bare: sa.Engine) -> None:
    """Our tables are not part of core's metadata, nor our version of core's."""
    from mailman.database.model import Model  # noqa: PLC0415 - core must be initialised

    database.TABLES.migrate()
    assert not set(Model.metadata.tables) & _ours(bare)
    assert "alembic_version" not in _ours(bare)


def test_failure_leaves_nothing(bare: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """A migration that fails half-way leaves no table behind, also on SQLite, and the next one succeeds."""
    from alembic.operations import Operations  # noqa: PLC0415

    create_table = Operations.create_table

    def fail_late(self: Any, name: str, *columns: Any, **kws: Any) -> Any:
        if name == "pgp_skipped":
            raise RuntimeError("pulled plug")
        return create_table(self, name, *columns, **kws)

    with monkeypatch.context() as patched:
        patched.setattr("alembic.op.create_table", lambda *args, **kws: fail_late(_proxy(), *args, **kws))
        with pytest.raises(RuntimeError, match="pulled plug"):
            database.TABLES.migrate()
    assert _ours(bare) == set()
    database.TABLES.migrate()
    assert "pgp_skipped" in _ours(bare)


def _proxy() -> Any:
    from alembic import op  # noqa: PLC0415

    return op._proxy


def test_of_a_later_release(bare: sa.Engine) -> None:
    """Tables of a later release are left alone, with a sentence that says what to do."""
    database.TABLES.migrate()
    with bare.begin() as connection:
        connection.execute(sa.text("UPDATE pgp_alembic SET version_num = '9999'"))
    with pytest.raises(MigrationError, match="later release"):
        database.TABLES.migrate()
    with bare.connect() as connection:
        assert database.TABLES.current_revision(connection) == "9999"


ONE_OF_MANY = """
import sys
from types import SimpleNamespace
import sqlalchemy
from mailman.config import config
engine = sqlalchemy.create_engine(sys.argv[1])
config.db = SimpleNamespace(engine=engine, commit=lambda: None)
config.LOCK_DIR = sys.argv[2]
from mailman_pgp.model import database
database.TABLES.newest_revision()
print("ready", flush=True)
sys.stdin.readline()
database.TABLES.migrate()
"""


def test_all_at_once(bare: sa.Engine, tmp_path: Path) -> None:
    """Processes that start together make the tables once, and none of them fails."""
    url = bare.url.render_as_string(hide_password=False)
    script = textwrap.dedent(ONE_OF_MANY)
    processes = [
        subprocess.Popen(
            [sys.executable, "-W", "ignore", "-c", script, url, str(tmp_path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    for process in processes:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in processes:
        _, errors = process.communicate(timeout=300)
        assert (process.returncode, errors) == (0, "")
    assert _ours(bare) == {*tables.Base.metadata.tables, "pgp_alembic"}
