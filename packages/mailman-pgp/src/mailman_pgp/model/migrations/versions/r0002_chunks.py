"""Deliveries know their chunk, so that one which is enqueued twice is sent once."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go one version up."""
    with op.batch_alter_table("pgp_delivery") as batch:
        batch.add_column(sa.Column("chunk", sa.String(), nullable=True))
        batch.add_column(sa.Column("attempts", sa.Integer(), nullable=False, server_default="1"))
        batch.add_column(sa.Column("complete", sa.Boolean(), nullable=False, server_default=sa.true()))
        batch.create_unique_constraint(op.f("uq_pgp_delivery_chunk"), ["chunk"])


def downgrade() -> None:
    """Go one version down."""
    with op.batch_alter_table("pgp_delivery") as batch:
        batch.drop_constraint(op.f("uq_pgp_delivery_chunk"), type_="unique")
        batch.drop_column("complete")
        batch.drop_column("attempts")
        batch.drop_column("chunk")
