"""Answers are counted, in place of the mail that was not accepted."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go one version up."""
    op.create_table(
        "pgp_answer",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("list_id", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pgp_answer")),
    )
    op.create_index("ix_pgp_answer_place", "pgp_answer", ["list_id", "address"])
    op.create_index(op.f("ix_pgp_answer_address"), "pgp_answer", ["address"])


def downgrade() -> None:
    """Go one version down."""
    op.drop_table("pgp_answer")
