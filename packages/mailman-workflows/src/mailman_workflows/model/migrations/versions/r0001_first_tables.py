"""The first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go one version up."""
    op.create_table(
        "wf_choice",
        sa.Column("list_id", sa.String(255), nullable=False),
        sa.Column("purpose", sa.String(20), nullable=False),
        sa.Column("workflow", sa.String(100), nullable=False),
        sa.PrimaryKeyConstraint("list_id", "purpose", name=op.f("pk_wf_choice")),
    )
    op.create_table(
        "wf_request",
        sa.Column("token", sa.String(255), nullable=False),
        sa.Column("list_id", sa.String(255), nullable=False),
        sa.Column("purpose", sa.String(20), nullable=False),
        sa.Column("workflow", sa.String(100), nullable=False),
        sa.Column("email", sa.String(255), nullable=False),
        sa.Column("agenda", sa.Text(), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("waits_for", sa.String(20), nullable=False),
        sa.Column("reason", sa.String(255), nullable=False),
        sa.Column("since", sa.DateTime(), nullable=False),
        sa.Column("expires", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("token", name=op.f("pk_wf_request")),
    )
    op.create_index("ix_wf_request_person", "wf_request", ["list_id", "purpose", "email"])
    op.create_table(
        "wf_question",
        sa.Column("token", sa.String(255), nullable=False),
        sa.Column("list_id", sa.String(255), nullable=False),
        sa.Column("action", sa.String(100), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("email", sa.String(255), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("expires", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("token", name=op.f("pk_wf_question")),
    )


def downgrade() -> None:
    """Go one version down."""
    op.drop_table("wf_question")
    op.drop_index("ix_wf_request_person", table_name="wf_request")
    op.drop_table("wf_request")
    op.drop_table("wf_choice")
