"""The history of our tables, for Alembic; `mailman_pgp.model.database.TABLES` runs it."""
