"""One Mailman with the plugin for the whole run, and a fresh encrypted list for each test.

The database is chosen by ``MAILMAN_PGP_TEST_DATABASE_URL``, as for the other tests: the word ``postgresql`` for an
embedded server, or the URL of a server on which new databases may be made.  Default: SQLite.
"""

from __future__ import annotations

import os
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import browsing
import pytest
from people import ARCHIVERS, EncryptedList
from postgresql import embedded_server
from refusals import Guarded
from visiting import Site, visited

from mailman_pgp.sandbox import Options, Runners, Sandbox

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

DATABASE_VARIABLE = "MAILMAN_PGP_TEST_DATABASE_URL"
LOGS = (
    *("root", "bounce", "config", "database", "debug", "error", "http", "gunicorn", "locks", "mischief", "plugins"),
    *("runner", "subscribe", "task", "vette"),
)
"""Core's logs but smtp.log, which at its level `debug` holds all lines that came by LMTP."""

HERE = Path(__file__).parent
RUNNING = pytest.StashKey[Sandbox]()


class StartSandbox(Protocol):
    """Start a sandbox of a test's own."""

    def __call__(self, *, runners: Runners = Runners.FORKED, **options: object) -> Sandbox:
        """Start it with these fields of `Options`; it is stopped when the test ends."""


@pytest.fixture(scope="session")
def database_url() -> Iterator[str | None]:
    """The database server of this run; None for SQLite, where each sandbox has a file of its own."""
    given = os.environ.get(DATABASE_VARIABLE, "")
    if given != "postgresql":
        yield None if given.startswith("sqlite") else given or None
        return
    with embedded_server() as url:
        yield url


@pytest.fixture(scope="session")
def new_database(database_url: str | None) -> Iterator[Callable[[], str | None]]:
    """Make an empty database for a sandbox: ``new_database()`` is its URL, None for SQLite."""
    if database_url is None:
        yield lambda: None
        return
    from sqlalchemy import create_engine, make_url, text  # noqa: PLC0415 - only where it is asked for

    url = make_url(database_url)
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    made: list[str] = []

    def make() -> str:
        name = f"sandbox_{uuid.uuid4().hex}"
        with engine.connect() as connection:
            connection.execute(text(f'CREATE DATABASE "{name}"'))
        made.append(name)
        return url.set(database=name).render_as_string(hide_password=False)

    yield make
    with engine.connect() as connection:
        for name in made:
            connection.execute(text(f'DROP DATABASE "{name}" WITH (FORCE)'))
    engine.dispose()


@pytest.fixture(scope="session")
def sandbox(
    pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory, new_database: Callable[[], str | None]
) -> Iterator[Sandbox]:
    """The Mailman of this run.  Who changes it puts it back: the receiver's behaviour is reset after each test."""
    with Sandbox(tmp_path_factory.mktemp("sandbox"), Options(database_url=new_database())) as running:
        pytestconfig.stash[RUNNING] = running
        yield running


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """The Mailman of this run ends with the last test in this directory; it would look into its queues until all others are done."""
    if nextitem is None or nextitem.path.is_relative_to(HERE):
        return
    items = item.session.items
    more = any(later.path.is_relative_to(HERE) for later in items[items.index(nextitem) :])
    if not more and RUNNING in item.config.stash:
        item.config.stash[RUNNING].stop()


@pytest.fixture
def encrypted_list(sandbox: Sandbox) -> Iterator[EncryptedList]:
    """A fresh encrypted list; after the test the receiver takes everything again, and no queue holds anything."""
    yield EncryptedList.make(sandbox)
    sandbox.receive()
    sandbox.wait_until_idle()


@pytest.fixture
def guarded(encrypted_list: EncryptedList) -> Guarded:
    """A fresh encrypted list with two members, and a post that is to be refused."""
    return Guarded.make(encrypted_list)


@pytest.fixture
def new_list(sandbox: Sandbox) -> Callable[..., EncryptedList]:
    """Make more encrypted lists: ``new_list()``, ``new_list("pgp-announce")``."""
    return lambda style="pgp-discussion": EncryptedList.make(sandbox, style)


@pytest.fixture
def start_sandbox(tmp_path: Path, new_database: Callable[[], str | None]) -> Iterator[StartSandbox]:
    """Start a Mailman of the test's own, for what would disturb the others: ``start_sandbox(omit=["mta.outgoing"])``."""
    started: list[Sandbox] = []

    def start(*, runners: Runners = Runners.FORKED, **options: object) -> Sandbox:
        chosen = Options(**{"database_url": new_database(), **options})  # type: ignore[arg-type]  # fields by name
        started.append(Sandbox(tmp_path / f"sandbox{len(started)}", chosen, runners=runners))
        started[-1].start()
        return started[-1]

    yield start
    for sandbox in started:
        sandbox.stop()


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory, new_database: Callable[[], str | None]) -> Iterator[Sandbox]:
    """A Mailman that writes down and sends as much as it can, with the plugins `saboteur` and `ailing` in it."""
    root = tmp_path_factory.mktemp("watched")
    settings = [f"logging.{name}.level=debug" for name in LOGS]
    settings += [*ARCHIVERS, "archiver.prototype.enable=yes", "archiver.mail_archive.enable=yes"]
    settings += [f"mailman.html_to_plain_text_command=cp $filename {root}/converted", "mta.verp_probes=yes"]
    for name in ("saboteur.Saboteur", "ailing.Ailing"):
        section = f"plugin.{name.partition('.')[0]}"
        settings += [f"{section}.class={name}", f"{section}.enabled=yes"]
    options = Options(database_url=new_database(), settings=settings)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(Path(__file__).parent), prepend=os.pathsep)
        sandbox = Sandbox(root, options)
        sandbox.start()
        sandbox.command("version")  # the console starts with the same environment
    yield sandbox
    sandbox.stop()


@pytest.fixture
def site(sandbox: Sandbox) -> Iterator[Site]:
    """The website of the Mailman of this run, without accounts."""
    yield from visited(sandbox)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """A real browser."""
    with browsing.chromium() as running:
        yield running


@pytest.fixture
def browser(site: Site, chromium: Any) -> Iterator[browsing.Browser]:
    """A real browser at the website of this run."""
    assert site
    with browsing.served() as address:
        yield browsing.Browser(chromium, address)
