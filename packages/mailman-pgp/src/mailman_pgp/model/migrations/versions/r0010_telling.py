"""Who is to be told of a change of somebody's key is told after it was committed, whatever happens to the process."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go one version up."""
    with op.batch_alter_table("pgp_key_event") as table:
        table.add_column(sa.Column("tell_at", sa.DateTime(), nullable=True))
    waits = sa.text("tell_at IS NOT NULL")
    op.create_index(
        "ix_pgp_key_event_tell_at", "pgp_key_event", ["tell_at"], sqlite_where=waits, postgresql_where=waits
    )


def downgrade() -> None:
    """Go one version down."""
    op.drop_index("ix_pgp_key_event_tell_at", "pgp_key_event")
    with op.batch_alter_table("pgp_key_event") as table:
        table.drop_column("tell_at")
