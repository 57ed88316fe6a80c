"""Names, addresses and reasons of any length, as core's own tables have them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_COLUMNS = {
    "wf_choice": {"list_id": 255, "workflow": 100},
    "wf_request": {"list_id": 255, "workflow": 100, "email": 255, "reason": 255},
    "wf_question": {"list_id": 255, "action": 100, "email": 255},
}


def upgrade() -> None:
    """Go one version up."""
    for table, columns in _COLUMNS.items():
        with op.batch_alter_table(table) as batch:
            for name, length in columns.items():
                batch.alter_column(name, type_=sa.String(), existing_type=sa.String(length), existing_nullable=False)


def downgrade() -> None:
    """Go one version down; fails where something is longer than it may be there."""
    for table, columns in _COLUMNS.items():
        with op.batch_alter_table(table) as batch:
            for name, length in columns.items():
                batch.alter_column(name, type_=sa.String(length), existing_type=sa.String(), existing_nullable=False)
