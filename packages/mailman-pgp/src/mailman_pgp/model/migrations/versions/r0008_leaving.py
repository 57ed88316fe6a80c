"""What protects members when somebody asks that they leave, without a proof that it is them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go one version up."""
    with op.batch_alter_table("pgp_list") as table:
        table.add_column(sa.Column("lost_key_leave", sa.String(), nullable=False, server_default="moderator"))
        table.add_column(sa.Column("leave_delay_days", sa.Integer(), nullable=False, server_default="7"))


def downgrade() -> None:
    """Go one version down."""
    with op.batch_alter_table("pgp_list") as table:
        table.drop_column("leave_delay_days")
        table.drop_column("lost_key_leave")
