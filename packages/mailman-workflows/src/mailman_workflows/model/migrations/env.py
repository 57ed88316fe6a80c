"""What Alembic calls to run our migrations, which `mailman_workflows.database.TABLES` has it do."""

from __future__ import annotations

from mailman_workflows.database import TABLES
from mailman_workflows.model.tables import Base

TABLES.run_migrations(Base.metadata)
