"""Whose certifications a list gives out with its certificate."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go one version up."""
    with op.batch_alter_table("pgp_list") as table:
        table.add_column(sa.Column("key_sign_by", sa.String(), nullable=False, server_default="owners"))


def downgrade() -> None:
    """Go one version down."""
    with op.batch_alter_table("pgp_list") as table:
        table.drop_column("key_sign_by")
