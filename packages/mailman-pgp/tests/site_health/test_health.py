"""A process is healthy only when the whole chain holds: lines, settings, key, database."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import sqlalchemy
from sqlalchemy.orm import Session

from mailman_pgp.site import doctor_config, health, lines
from mailman_pgp.site.sitekey import SiteKey

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from mailman_pgp.site.lines import Section

TABLES = """
CREATE TABLE pgp_alembic (version_num VARCHAR(32) NOT NULL PRIMARY KEY);
CREATE TABLE pgp_site (name VARCHAR(255) NOT NULL PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE pgp_list_key (fingerprint VARCHAR(64) NOT NULL PRIMARY KEY, sealed_by VARCHAR(8) NOT NULL);
"""


class _Database:
    """Core's `IDatabase` as far as health uses it, on SQLite."""

    def __init__(self, path: Path, tables: str = TABLES) -> None:
        self.engine = sqlalchemy.create_engine(f"sqlite:///{path}")
        self.store = Session(self.engine)
        for statement in filter(str.strip, tables.split(";")):
            self.store.execute(sqlalchemy.text(statement))
        self.commit()

    def commit(self) -> None:
        self.store.commit()

    def abort(self) -> None:
        self.store.rollback()

    def run(self, statement: str) -> None:
        self.store.execute(sqlalchemy.text(statement))
        self.commit()

    def recorded(self) -> list[str]:
        return self.store.execute(sqlalchemy.text("SELECT value FROM pgp_site WHERE name = 'site_key'")).scalars().all()


class _Core:
    """Core's ``config`` object: loaded sections, paths and a database."""

    def __init__(self, sections: Iterable[Section], database: _Database | None) -> None:
        self.sections = sections
        self.db = database
        self.VAR_DIR: str | None = None

    def __iter__(self) -> Iterator[Section]:
        return iter(self.sections)


@pytest.fixture(autouse=True)
def _clean() -> Iterator[None]:
    health.forget()
    yield
    health.forget()


@pytest.fixture
def site(tmp_path: Path) -> tuple[SiteKey, str]:
    """A complete site: key file, settings, and the text of its mailman.cfg."""
    key = SiteKey.create(tmp_path / "site.key")
    settings = tmp_path / "mailman-pgp.cfg"
    settings.write_text(f"[pgp]\nkey_file: {tmp_path / 'site.key'}\n")
    return key, lines.as_configuration(str(settings))


@pytest.fixture
def database(tmp_path: Path) -> Iterator[_Database]:
    database = _Database(tmp_path / "mailman.db")
    yield database
    database.store.close()
    database.engine.dispose()


def core(tmp_path: Path, text: str, database: _Database | None = None) -> _Core:
    (tmp_path / "mailman.cfg").write_text(text)
    return _Core(doctor_config.read(tmp_path / "mailman.cfg"), database)


def assert_locked() -> None:
    """Nothing gets at the key."""
    assert not health.current().healthy
    with pytest.raises(health.NotHealthy):
        health.site_key()
    with pytest.raises(health.NotHealthy):
        health.require()


def test_process_in_which_the_plugin_never_started_is_unhealthy() -> None:
    """Importing is not starting: without `start` there are a problem, a mend, and no key."""
    (problem,) = health.current().problems
    assert "never started" in problem.sentence
    assert "mailman-pgp check" in problem.mend
    assert_locked()
    with pytest.raises(health.NotHealthy):
        health.settings()


def test_start_alone_is_not_enough(tmp_path: Path, site: tuple[SiteKey, str]) -> None:
    """Between the two hooks the settings are known, and the key is not given away."""
    assert not health.start(core(tmp_path, site[1])).healthy
    assert health.settings().key_file == tmp_path / "site.key"
    assert_locked()


def test_complete_site_is_healthy(tmp_path: Path, site: tuple[SiteKey, str], database: _Database) -> None:
    """With every line, the settings, the key and the tables in place the process is given the key."""
    config = core(tmp_path, site[1], database)
    health.start(config)
    assert health.finish(config).problems == ()
    assert health.current().healthy
    assert health.site_key().key_id == site[0].key_id
    health.require()


@pytest.mark.parametrize("line", lines.REQUIRED_LINES, ids=str)
@pytest.mark.parametrize("instead", [None, "no.such.Thing"], ids=["missing", "wrong"])
def test_each_line_is_needed(
    tmp_path: Path, site: tuple[SiteKey, str], database: _Database, line: lines.RequiredLine, instead: str | None
) -> None:
    """With any one line missing or wrong the process stays locked, and the problem names the line and its mend."""
    value = [row for row in site[1].splitlines() if row.startswith(f"{line.option}:")]
    blocks = site[1].split("\n\n")
    changed = []
    for block in blocks:
        rows = block.splitlines()
        if rows[0] == f"[{line.section}]":
            rows = [row for row in rows if row not in value]
            rows += [] if instead is None else [f"{line.option}: {instead}"]
        changed.append("\n".join(rows))
    config = core(tmp_path, "\n\n".join(changed) + "\n", database)
    health.start(config)
    health.finish(config)
    (problem,) = health.current().problems
    assert f"[{line.section}]" in problem.mend
    assert f"{line.option}: {line.value}" in problem.mend
    assert (instead is None) or (instead in problem.sentence)
    assert_locked()
    assert database.recorded() == []


@pytest.mark.parametrize(
    ("spoil", "word"),
    [
        (lambda path: (path / "site.key").unlink(), "no key file"),
        (lambda path: (path / "site.key").chmod(0o644), "open to others"),
        (lambda path: (path / "site.key").write_text("junk"), "damaged"),
        (lambda path: (path / "mailman-pgp.cfg").unlink(), "no settings file"),
        (lambda path: (path / "mailman-pgp.cfg").write_text("[pgp]\nkey_fil: /x\n"), "key_file"),
    ],
    ids=["key-missing", "key-readable", "key-damaged", "settings-missing", "settings-wrong"],
)
def test_key_and_settings_are_needed(
    tmp_path: Path, site: tuple[SiteKey, str], database: _Database, spoil: Callable[[Path], object], word: str
) -> None:
    """A key file or settings file that is missing or wrong keeps the process locked, with a sentence."""
    spoil(tmp_path)
    config = core(tmp_path, site[1], database)
    health.start(config)
    health.finish(config)
    (problem,) = health.current().problems
    assert word in problem.sentence
    assert_locked()


def test_key_file_below_the_var_directory_is_refused(tmp_path: Path, site: tuple[SiteKey, str]) -> None:
    """A key that every backup of the data would hold is no key."""
    config = core(tmp_path, site[1])
    config.VAR_DIR = str(tmp_path)
    health.start(config)
    (problem,) = health.current().problems
    assert "var directory" in problem.sentence
    assert_locked()


def test_first_use_records_the_key(tmp_path: Path, site: tuple[SiteKey, str], database: _Database) -> None:
    """The first healthy process writes the key's id down; later ones find it and write nothing."""
    config = core(tmp_path, site[1], database)
    for _ in range(2):
        health.start(config)
        assert health.finish(config).healthy
        assert database.recorded() == [site[0].key_id]


def test_key_of_another_site_is_refused(tmp_path: Path, site: tuple[SiteKey, str], database: _Database) -> None:
    """With a database that another key has sealed the process stays locked, and both ids are named."""
    database.run("INSERT INTO pgp_site (name, value) VALUES ('site_key', '00c0ffee')")
    config = core(tmp_path, site[1], database)
    health.start(config)
    (problem,) = health.finish(config).problems
    assert "00c0ffee" in problem.sentence
    assert site[0].key_id in problem.sentence
    assert_locked()


def test_list_key_of_another_site_is_refused(tmp_path: Path, site: tuple[SiteKey, str], database: _Database) -> None:
    """A database with a list key that another site key sealed is not adopted by whatever key comes along."""
    database.run("INSERT INTO pgp_list_key VALUES ('AA', '00c0ffee')")
    config = core(tmp_path, site[1], database)
    health.start(config)
    (problem,) = health.finish(config).problems
    assert "00c0ffee" in problem.sentence
    assert_locked()
    assert database.recorded() == []


@pytest.mark.parametrize("table", ["pgp_alembic", "pgp_site", "pgp_list_key"])
def test_tables_are_needed(tmp_path: Path, site: tuple[SiteKey, str], database: _Database, table: str) -> None:
    """A database that was not migrated keeps the process locked."""
    database.run(f"DROP TABLE {table}")
    config = core(tmp_path, site[1], database)
    health.start(config)
    (problem,) = health.finish(config).problems
    assert table in problem.sentence
    assert_locked()


def test_broken_database_is_a_problem_not_an_exception(
    tmp_path: Path, site: tuple[SiteKey, str], database: _Database
) -> None:
    """An error of the database locks the process and passes none of the library's text on."""
    config = core(tmp_path, site[1], database)
    health.start(config)
    database.run("DROP TABLE pgp_site")
    database.run("CREATE VIEW pgp_site AS SELECT missing FROM nowhere")
    (problem,) = health.finish(config).problems
    assert "nowhere" not in problem.sentence
    assert_locked()


def test_failure_is_for_good(tmp_path: Path, site: tuple[SiteKey, str], database: _Database) -> None:
    """What `fail` reports stays, whatever succeeds afterwards."""
    config = core(tmp_path, site[1], database)
    health.start(config)
    health.fail("The migration failed.", "Look into the log.")
    assert health.finish(config).problems == (health.Problem("The migration failed.", "Look into the log."),)
    assert_locked()


def test_failure_of_a_healthy_process_locks_it(tmp_path: Path, site: tuple[SiteKey, str], database: _Database) -> None:
    """A process that turns out to be broken later loses the key at once."""
    config = core(tmp_path, site[1], database)
    health.start(config)
    assert health.finish(config).healthy
    health.fail("The delivery is not ours any more.", "Restart Mailman.")
    assert_locked()


def test_error_names_the_problems(tmp_path: Path) -> None:
    """The exception's text is what a person needs: the sentence and the mend."""
    health.start(core(tmp_path, ""))
    with pytest.raises(health.NotHealthy, match=r"\[mta\] outgoing.*Put `outgoing: mailman_pgp"):
        health.require()


def test_state_shows_no_key(tmp_path: Path, site: tuple[SiteKey, str], database: _Database) -> None:
    """No repr of the module's state holds the key file's text."""
    config = core(tmp_path, site[1], database)
    health.start(config)
    health.finish(config)
    secret = (tmp_path / "site.key").read_text().split()[2]
    assert secret not in repr(health._state)
    assert secret not in repr(vars(health))
