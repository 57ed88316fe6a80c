"""What encrypting needs of a certificate; of those that are there, found out when they are judged again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go one version up."""
    op.add_column("pgp_certificate", sa.Column("compact", sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    """Go one version down."""
    op.drop_column("pgp_certificate", "compact")
