"""To whom the archives of lists are encrypted; and posts that wait for digests."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
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
    op.create_table(
        "pgp_digest_post",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("list_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("issue", sa.String(), nullable=True),
        sa.Column("volume", sa.Integer(), nullable=True),
        sa.Column("number", sa.Integer(), nullable=True),
        sa.Column("done", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pgp_digest_post")),
    )
    op.create_index(op.f("ix_pgp_digest_post_at"), "pgp_digest_post", ["at"])
    op.create_index(op.f("ix_pgp_digest_post_issue"), "pgp_digest_post", ["issue"])
    op.create_index("ix_pgp_digest_post_place", "pgp_digest_post", ["list_id", "name"], unique=True)


def downgrade() -> None:
    """Go one version down."""
    op.drop_table("pgp_digest_post")
    op.drop_table("pgp_archive_reader")
