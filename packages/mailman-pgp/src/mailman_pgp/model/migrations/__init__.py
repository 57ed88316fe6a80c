"""The history of our tables, for Alembic; `mailman_pgp.model.database.migrate` runs it."""
