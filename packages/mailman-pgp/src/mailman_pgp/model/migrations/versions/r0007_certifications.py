"""Members certify the certificate of a list."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go one version up."""
    op.create_table(
        "pgp_certification",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("signer", sa.String(), nullable=False),
        sa.Column("user_id", sa.String(), nullable=False),
        sa.Column("list_id", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.Column("made", sa.DateTime(), nullable=False),
        sa.Column("revokes", sa.Boolean(), nullable=False),
        sa.Column("since", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("key", "signer", "user_id", name=op.f("pk_pgp_certification")),
    )
    op.create_index(op.f("ix_pgp_certification_address"), "pgp_certification", ["address"])
    op.create_index(op.f("ix_pgp_certification_list_id"), "pgp_certification", ["list_id"])


def downgrade() -> None:
    """Go one version down."""
    op.drop_table("pgp_certification")
