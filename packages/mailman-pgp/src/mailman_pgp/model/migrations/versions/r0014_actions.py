"""What becomes of a post for each reason why it is not authenticated."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0011"
branch_labels = None
depends_on = None

_COLUMNS = {
    "on_not_encrypted": "reject",
    "on_inline_pgp": "reject",
    "on_unusable": "reject",
    "on_unsigned": "reject",
    "on_stranger": "reject",
    "on_other_key": "reject",
    "on_bad_signature": "reject",
    "on_key_expired": "reject",
    "on_key_expired_since": "hold",
    "on_key_revoked": "reject",
    "on_key_revoked_since": "hold",
    "on_signature_expired": "reject",
    "on_signature_from_the_future": "reject",
    "on_weak_signature": "reject",
    "on_key_not_for_signing": "reject",
    "on_not_addressed": "reject",
    "on_unbound": "hold",
    "on_seen_before": "reject",
    "on_stale": "reject",
}


def upgrade() -> None:
    """Go one version up."""
    with op.batch_alter_table("pgp_list") as table:
        for name, default in _COLUMNS.items():
            table.add_column(sa.Column(name, sa.String(), nullable=False, server_default=default))


def downgrade() -> None:
    """Go one version down."""
    with op.batch_alter_table("pgp_list") as table:
        for name in _COLUMNS:
            table.drop_column(name)
