"""Who did what about which key is kept."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go one version up."""
    op.create_table(
        "pgp_key_event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("list_id", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("act", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("door", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("earlier", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pgp_key_event")),
    )
    op.create_index(op.f("ix_pgp_key_event_address"), "pgp_key_event", ["address"])
    op.create_index(op.f("ix_pgp_key_event_at"), "pgp_key_event", ["at"])
    op.create_index("ix_pgp_key_event_place", "pgp_key_event", ["list_id", "address"])


def downgrade() -> None:
    """Go one version down."""
    op.drop_table("pgp_key_event")
