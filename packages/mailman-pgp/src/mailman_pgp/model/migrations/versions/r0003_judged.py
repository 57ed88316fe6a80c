"""Certificates know when they were judged, so that a clock that was wrong for a while leaves nothing behind."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go one version up."""
    op.drop_index(op.f("ix_pgp_certificate_usable_until"), table_name="pgp_certificate")
    op.add_column("pgp_certificate", sa.Column("judged", sa.DateTime(), nullable=True))


def downgrade() -> None:
    """Go one version down."""
    with op.batch_alter_table("pgp_certificate") as batch:
        batch.drop_column("judged")
    op.create_index(op.f("ix_pgp_certificate_usable_until"), "pgp_certificate", ["usable_until"])
