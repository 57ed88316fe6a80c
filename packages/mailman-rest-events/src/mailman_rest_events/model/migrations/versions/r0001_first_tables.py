"""The first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_number = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Go one version up."""
    op.create_table(
        "ev_event",
        sa.Column("uid", sa.String(40), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("list_id", sa.String(), nullable=True),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("uid", name=op.f("pk_ev_event")),
    )
    op.create_index("ix_ev_event_at", "ev_event", ["at"])
    op.create_table(
        "ev_delivery",
        sa.Column("id", _number, autoincrement=True, nullable=False),
        sa.Column("event", sa.String(40), nullable=False),
        sa.Column("endpoint", sa.String(64), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("sequence", _number, nullable=True),
        sa.Column("since", sa.DateTime(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due", sa.DateTime(), nullable=True),
        sa.Column("done", sa.DateTime(), nullable=True),
        sa.Column("problem", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ev_delivery")),
    )
    op.create_index("ix_ev_delivery_state", "ev_delivery", ["state", "endpoint", "id"])
    op.create_index("ix_ev_delivery_sequence", "ev_delivery", ["endpoint", "sequence"], unique=True)
    op.create_index("ix_ev_delivery_event", "ev_delivery", ["event"])
    op.create_index("ix_ev_delivery_done", "ev_delivery", ["done", "id"])
    op.create_table(
        "ev_endpoint",
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("sequence", _number, nullable=False),
        sa.Column("stopped", sa.String(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("due", sa.DateTime(), nullable=True),
        sa.Column("problem", sa.String(), nullable=False),
        sa.Column("failed", sa.DateTime(), nullable=True),
        sa.Column("delivered", sa.DateTime(), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_ev_endpoint")),
    )


def downgrade() -> None:
    """Go one version down."""
    op.drop_table("ev_endpoint")
    op.drop_table("ev_delivery")
    op.drop_table("ev_event")
