"""Who did not get a post, and why, is written down with what became of it; of earlier posts only the numbers are known."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go one version up."""
    with op.batch_alter_table("pgp_delivery") as table:
        table.add_column(sa.Column("missed", sa.Text(), nullable=True))


def downgrade() -> None:
    """Go one version down."""
    with op.batch_alter_table("pgp_delivery") as table:
        table.drop_column("missed")
