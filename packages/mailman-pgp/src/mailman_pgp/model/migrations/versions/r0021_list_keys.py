"""How list keys end and follow each other: revoked, opening until when, certified by the one before, told, warned of."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0018"
branch_labels = None
depends_on = None

_COLUMNS = ("revoked", "opens_until", "follows", "vouched", "tell_at", "told_to", "warned")


def upgrade() -> None:
    """Go one version up."""
    op.add_column("pgp_list_key", sa.Column("revoked", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("pgp_list_key", sa.Column("opens_until", sa.DateTime(), nullable=True))
    op.add_column("pgp_list_key", sa.Column("follows", sa.String(), nullable=True))
    op.add_column("pgp_list_key", sa.Column("vouched", sa.LargeBinary(), nullable=True))
    op.add_column("pgp_list_key", sa.Column("tell_at", sa.DateTime(), nullable=True))
    op.add_column("pgp_list_key", sa.Column("told_to", sa.String(), nullable=True))
    op.add_column("pgp_list_key", sa.Column("warned", sa.Integer(), nullable=True))
    told = sa.text("tell_at IS NOT NULL")
    op.create_index("ix_pgp_list_key_tell_at", "pgp_list_key", ["tell_at"], sqlite_where=told, postgresql_where=told)


def downgrade() -> None:
    """Go one version down."""
    op.drop_index("ix_pgp_list_key_tell_at", "pgp_list_key")
    for name in _COLUMNS:
        op.drop_column("pgp_list_key", name)
