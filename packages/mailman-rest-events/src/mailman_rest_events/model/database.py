"""Our tables in Mailman's database."""

from __future__ import annotations

from mailman_plugin_kit.database import OwnTables

TABLES = OwnTables("mailman-rest-events", "mailman_rest_events.model:migrations", "ev_alembic")
