"""A pytest plugin (``-p only_database``): run only the tests that use Mailman's database.

The Makefile runs everything on SQLite, and with this the part that could differ once more on PostgreSQL.
"""

from __future__ import annotations

import pytest


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect what never asks for the fixture that names the database."""
    kept = [item for item in items if "database_url" in getattr(item, "fixturenames", ())]
    dropped = [item for item in items if item not in kept]
    config.hook.pytest_deselected(items=dropped)
    items[:] = kept
