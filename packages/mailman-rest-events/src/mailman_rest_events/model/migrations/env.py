"""What Alembic calls to run our migrations, which `mailman_rest_events.model.database.TABLES` has it do."""

from __future__ import annotations

from mailman_rest_events.model.database import TABLES
from mailman_rest_events.model.tables import Base

TABLES.run_migrations(Base.metadata)
