"""Members are reminded before their certificates end."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go one version up."""
    op.create_table(
        "pgp_reminder",
        sa.Column("list_id", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("ends", sa.DateTime(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("list_id", "address", name=op.f("pk_pgp_reminder")),
    )
    op.create_index(op.f("ix_pgp_reminder_address"), "pgp_reminder", ["address"])


def downgrade() -> None:
    """Go one version down."""
    op.drop_table("pgp_reminder")
