"""To whom the archives of lists are encrypted."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go one version up."""
    op.create_table(
        "pgp_archive_reader",
        sa.Column("list_id", sa.String(), nullable=False),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("certificate", sa.LargeBinary(), nullable=False),
        sa.Column("since", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("list_id", "fingerprint", name=op.f("pk_pgp_archive_reader")),
    )


def downgrade() -> None:
    """Go one version down."""
    op.drop_table("pgp_archive_reader")
