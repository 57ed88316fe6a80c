"""What Alembic calls to run our migrations, which `mailman_workflows.model.database.TABLES` has it do."""

from __future__ import annotations

from mailman_workflows.model.database import TABLES
from mailman_workflows.model.tables import Base

TABLES.run_migrations(Base.metadata)
