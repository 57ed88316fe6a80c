"""Our tables: from nothing to the newest version and back, and wide enough for what core takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy.orm import Session


@pytest.fixture
def bare(store: Session, core: Any) -> Iterator[sa.Engine]:
    """Core's engine, over a database without our tables; they are back after the test."""
    from mailman_workflows.model.database import TABLES  # noqa: PLC0415 - core must be initialised
    from mailman_workflows.model.tables import Base  # noqa: PLC0415

    def drop() -> None:
        store.rollback()  # a transaction that has read our tables would make PostgreSQL wait for ever
        with core.db.engine.begin() as connection:
            connection.exec_driver_sql(f"DROP TABLE IF EXISTS {TABLES.version_table}")
            Base.metadata.drop_all(connection)

    store.commit()
    drop()
    yield core.db.engine
    drop()
    TABLES.migrate()


def ours(engine: sa.Engine) -> set[str]:
    """Our tables in the database."""
    return {name for name in sa.inspect(engine).get_table_names() if name.startswith("wf_")}


def test_no_difference_to_the_models(bare: sa.Engine) -> None:
    """What the migrations make is what `tables` describes, down to types and indexes."""
    from alembic.autogenerate import compare_metadata  # noqa: PLC0415 - core must be initialised
    from alembic.runtime.migration import MigrationContext  # noqa: PLC0415

    from mailman_workflows.model.database import TABLES  # noqa: PLC0415
    from mailman_workflows.model.tables import Base  # noqa: PLC0415

    TABLES.migrate()
    assert ours(bare) == {*Base.metadata.tables, "wf_alembic"}
    with bare.connect() as connection:
        known = {"include_name": lambda name, kind, _: kind != "table" or name in Base.metadata.tables}
        context = MigrationContext.configure(connection, opts={"compare_type": True, **known})
        assert compare_metadata(context, Base.metadata) == []


def test_there_and_back(bare: sa.Engine) -> None:
    """Each version keeps what the one before has saved, and one can go back to nothing."""
    import alembic.command  # noqa: PLC0415 - core must be initialised

    from mailman_workflows.model.database import TABLES  # noqa: PLC0415

    def version(go: Callable[..., None], name: str) -> None:
        with bare.begin() as connection:
            go(TABLES._alembic_config(connection), name)

    version(alembic.command.upgrade, "0001")
    with bare.begin() as connection:
        connection.execute(
            sa.text(
                "INSERT INTO wf_request VALUES ('t', 'ant.example.com', 'subscription', 'join', 'anne@example.org', '[]', '{}',"
                " 'moderator', 'waits', '2026-01-01 00:00:00', '2036-01-01 00:00:00')"
            )
        )
    TABLES.migrate()
    for go, name in ((alembic.command.downgrade, "0001"), (alembic.command.upgrade, "head")):
        version(go, name)
        with bare.connect() as connection:
            assert connection.scalar(sa.text("SELECT email FROM wf_request")) == "anne@example.org"
            assert sa.inspect(connection).get_indexes("wf_request")[0]["name"] == "ix_wf_request_person"
    version(alembic.command.downgrade, "base")
    assert ours(bare) == {"wf_alembic"}


def test_a_later_release(bare: sa.Engine) -> None:
    """Tables that a later release made are not touched, and the error says what to do."""
    from mailman_plugin_kit.database import MigrationError  # noqa: PLC0415 - core must be initialised
    from mailman_workflows.model.database import TABLES  # noqa: PLC0415 - core must be initialised

    TABLES.migrate()
    with bare.begin() as connection:
        connection.execute(sa.text("UPDATE wf_alembic SET version_num = '9999'"))
    with pytest.raises(MigrationError, match="later release"):
        TABLES.migrate()


def test_as_wide_as_core(mlist: Any, manager: Any, person: Any, install: Callable[[Any], Any], store: Session) -> None:
    """An address of any length that core takes can ask, and a step can say why it waits at any length."""
    from mailman_workflows import Party, Step, Wait, choice, saved  # noqa: PLC0415 - core must be initialised
    from mailman_workflows.steps.membership import Join  # noqa: PLC0415
    from mailman_workflows.workflows.stock import StockJoin  # noqa: PLC0415

    class Waits(Step):
        name = "waits"

        def run(self, _request: Any) -> Any:
            return Wait(Party.OUTSIDE, "waits for it, and " * 30)

    class Made(StockJoin):
        name = "made" * 30

        def steps(self) -> Any:
            return Waits(), Join()

    install(Made)
    choice.choose(mlist.list_id, Made.name)
    email = f"{'anne' * 75}@example.org"
    token, _, _ = manager(mlist).register(person(email))
    store.commit()
    store.expire_all()
    (row,) = saved.all_at(mlist)
    assert (row.email, row.reason.count("waits")) == (email, 30)
    assert manager(mlist).confirm(token)[2] is not None
