"""Our tables: what the migrations make is what `tables` describes, and one can go back to nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


def test_there_and_back(store: Session, core: Any) -> None:
    """Down to types and indexes; and nothing of ours is left when they are gone."""
    import alembic.command  # noqa: PLC0415 - core must be initialised
    from alembic.autogenerate import compare_metadata  # noqa: PLC0415
    from alembic.runtime.migration import MigrationContext  # noqa: PLC0415

    from mailman_rest_events.model.database import TABLES  # noqa: PLC0415
    from mailman_rest_events.model.tables import Base  # noqa: PLC0415

    def ours() -> set[str]:
        return {name for name in sa.inspect(core.db.engine).get_table_names() if name.startswith("ev_")}

    store.commit()
    store.rollback()  # a transaction that has read our tables would make PostgreSQL wait for ever
    assert ours() == {*Base.metadata.tables, "ev_alembic"}
    known = {"include_name": lambda name, kind, _: kind != "table" or name in Base.metadata.tables}
    with core.db.engine.begin() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, **known})
        assert compare_metadata(context, Base.metadata) == []
        alembic.command.downgrade(TABLES._alembic_config(connection), "base")
    assert ours() == {"ev_alembic"}
    TABLES.migrate()
    assert ours() == {*Base.metadata.tables, "ev_alembic"}
