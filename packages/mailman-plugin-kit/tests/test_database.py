"""Core's database, as plugins share it with all that core does."""

from __future__ import annotations

from typing import Any

import pytest

from mailman_plugin_kit.database import store


def test_patience_with_others_who_write(core: Any) -> None:
    """Where one process can write at a time, others wait for it for longer than core's five seconds, and shorter than gunicorn for REST."""
    if core.db.engine.dialect.name != "sqlite":
        pytest.skip("Only on SQLite all wait for one.")
    core.db.commit()
    waits: int = store().connection().exec_driver_sql("PRAGMA busy_timeout").scalar_one()
    core.db.commit()
    assert 5_000 < waits < 30_000
