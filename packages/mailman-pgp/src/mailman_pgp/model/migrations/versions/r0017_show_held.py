"""Whether those who look after a list may read held posts in the web."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go one version up."""
    with op.batch_alter_table("pgp_list") as table:
        table.add_column(sa.Column("show_held", sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade() -> None:
    """Go one version down."""
    with op.batch_alter_table("pgp_list") as table:
        table.drop_column("show_held")
