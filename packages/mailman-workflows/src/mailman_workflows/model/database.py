"""Our tables in Mailman's database."""

from __future__ import annotations

from mailman_plugin_kit.database import OwnTables

TABLES = OwnTables("mailman-workflows", "mailman_workflows.model:migrations", "wf_alembic")
