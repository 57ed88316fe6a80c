"""What encrypting needs of a certificate, found out when it is judged again; and whether owners know of a change of a key by a summary."""

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
    op.add_column("pgp_key_event", sa.Column("summed_up", sa.Boolean(), server_default=sa.false(), nullable=False))


def downgrade() -> None:
    """Go one version down."""
    op.drop_column("pgp_key_event", "summed_up")
    op.drop_column("pgp_certificate", "compact")
