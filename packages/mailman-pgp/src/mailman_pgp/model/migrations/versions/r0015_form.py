"""What stands in a post beside its text: the author's own signature, and what their mail program may not show."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_COLUMNS = ("keep_signature", "legacy_display")


def upgrade() -> None:
    """Go one version up."""
    with op.batch_alter_table("pgp_list") as table:
        for name in _COLUMNS:
            table.add_column(sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade() -> None:
    """Go one version down."""
    with op.batch_alter_table("pgp_list") as table:
        for name in _COLUMNS:
            table.drop_column(name)
