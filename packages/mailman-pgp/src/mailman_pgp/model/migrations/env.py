"""What Alembic calls to run our migrations, which `mailman_pgp.model.database.TABLES` has it do."""

from __future__ import annotations

from mailman_pgp.model.database import TABLES
from mailman_pgp.model.tables import Base

TABLES.run_migrations(Base.metadata)
