"""The first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go one version up."""
    op.create_table(
        "pgp_certificate",
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("algorithm", sa.String(), nullable=False),
        sa.Column("created", sa.DateTime(), nullable=False),
        sa.Column("expires", sa.DateTime(), nullable=True),
        sa.Column("revoked", sa.Boolean(), nullable=False),
        sa.Column("usable", sa.Boolean(), nullable=False),
        sa.Column("problem", sa.String(), nullable=True),
        sa.Column("usable_until", sa.DateTime(), nullable=True),
        sa.Column("seipd", sa.Integer(), nullable=False),
        sa.Column("recipients", sa.Text(), nullable=False),
        sa.Column("updated", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("fingerprint", name=op.f("pk_pgp_certificate")),
    )
    op.create_index(op.f("ix_pgp_certificate_usable_until"), "pgp_certificate", ["usable_until"])

    op.create_table(
        "pgp_choice",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("list_id", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("since", sa.DateTime(), nullable=False),
        sa.Column("until", sa.DateTime(), nullable=True),
        sa.Column("origin", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pgp_choice")),
    )
    op.create_index(op.f("ix_pgp_choice_address"), "pgp_choice", ["address"])
    op.create_index(op.f("ix_pgp_choice_fingerprint"), "pgp_choice", ["fingerprint"])
    op.create_index(
        "ix_pgp_choice_now",
        "pgp_choice",
        ["list_id", "address"],
        unique=True,
        sqlite_where=sa.text("until IS NULL"),
        postgresql_where=sa.text("until IS NULL"),
    )
    op.create_index("ix_pgp_choice_place", "pgp_choice", ["list_id", "address"])

    op.create_table(
        "pgp_delivery",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("list_id", sa.String(), nullable=False),
        sa.Column("message_id", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("recipients", sa.Integer(), nullable=False),
        sa.Column("delivered", sa.Integer(), nullable=False),
        sa.Column("skipped", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pgp_delivery")),
    )
    op.create_index(op.f("ix_pgp_delivery_list_id"), "pgp_delivery", ["list_id"])

    op.create_table(
        "pgp_dropped",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("list_id", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("recipient", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pgp_dropped")),
    )
    op.create_index(op.f("ix_pgp_dropped_list_id"), "pgp_dropped", ["list_id"])
    op.create_index(op.f("ix_pgp_dropped_recipient"), "pgp_dropped", ["recipient"])

    op.create_table(
        "pgp_list",
        sa.Column("list_id", sa.String(), nullable=False),
        sa.Column("enabled_at", sa.DateTime(), nullable=False),
        sa.Column("restore", sa.Text(), nullable=False),
        sa.Column("footer_note", sa.Boolean(), nullable=False),
        sa.Column("replay_window_days", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("list_id", name=op.f("pk_pgp_list")),
    )
    op.create_table(
        "pgp_list_key",
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("list_id", sa.String(), nullable=False),
        sa.Column("certificate", sa.LargeBinary(), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("revocation", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_by", sa.String(), nullable=False),
        sa.Column("created", sa.DateTime(), nullable=False),
        sa.Column("expires", sa.DateTime(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("fingerprint", name=op.f("pk_pgp_list_key")),
    )
    op.create_index(
        "ix_pgp_list_key_current",
        "pgp_list_key",
        ["list_id"],
        unique=True,
        sqlite_where=sa.text("state = 'current'"),
        postgresql_where=sa.text("state = 'current'"),
    )
    op.create_index(op.f("ix_pgp_list_key_list_id"), "pgp_list_key", ["list_id"])

    op.create_table(
        "pgp_seen",
        sa.Column("list_id", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("claim", sa.String(), nullable=False),
        sa.Column("seen_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("list_id", "digest", name=op.f("pk_pgp_seen")),
    )
    op.create_index(op.f("ix_pgp_seen_seen_at"), "pgp_seen", ["seen_at"])

    op.create_table(
        "pgp_site",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_pgp_site")),
    )
    op.create_table(
        "pgp_skipped",
        sa.Column("list_id", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("since", sa.DateTime(), nullable=False),
        sa.Column("last", sa.DateTime(), nullable=False),
        sa.Column("posts", sa.Integer(), nullable=False),
        sa.Column("told_at", sa.DateTime(), nullable=True),
        sa.PrimaryKeyConstraint("list_id", "address", name=op.f("pk_pgp_skipped")),
    )
    op.create_index(op.f("ix_pgp_skipped_address"), "pgp_skipped", ["address"])


def downgrade() -> None:
    """Go one version down: drop everything."""
    for table in (
        "pgp_skipped",
        "pgp_site",
        "pgp_seen",
        "pgp_list_key",
        "pgp_list",
        "pgp_dropped",
        "pgp_delivery",
        "pgp_choice",
        "pgp_certificate",
    ):
        op.drop_table(table)
