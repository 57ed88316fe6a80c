"""Who did what about a list, and about requests."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_INDEXED = ("list_id", "at", "address")


def upgrade() -> None:
    """Go one version up."""
    op.create_table(
        "pgp_list_event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("list_id", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("deed", sa.String(), nullable=False),
        sa.Column("door", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pgp_list_event")),
    )
    for name in _INDEXED:
        op.create_index(op.f(f"ix_pgp_list_event_{name}"), "pgp_list_event", [name])


def downgrade() -> None:
    """Go one version down."""
    op.drop_table("pgp_list_event")
