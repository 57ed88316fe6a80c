"""A site on the disk, complete and fine, which each test spoils in one way."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy
from kept import PASSPHRASE, run

from mailman_pgp.model.tables import Base, Site
from mailman_pgp.site import lines, passphrases
from mailman_pgp.site.sitekey import SiteKey

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class OnDisk:
    """A site below `root`: ``etc/`` with our files, ``var/`` with Mailman's."""

    root: Path
    key: SiteKey

    @property
    def config(self) -> Path:
        """``mailman.cfg``."""
        return self.root / "etc" / "mailman.cfg"

    @property
    def settings(self) -> Path:
        """Our settings file."""
        return self.root / "etc" / "mailman-pgp.cfg"

    @property
    def key_file(self) -> Path:
        """The site key's file."""
        return self.root / "etc" / "site.key"

    @property
    def database(self) -> Path:
        """Mailman's SQLite database."""
        return self.root / "var" / "data" / "mailman.db"

    def add(self, text: str) -> None:
        """Append lines to ``mailman.cfg``."""
        self.config.write_text(self.config.read_text() + text)

    def replace(self, old: str, new: str) -> None:
        """Change ``mailman.cfg``."""
        text = self.config.read_text()
        assert old in text
        self.config.write_text(text.replace(old, new))

    def sql(self, *statements: Any) -> None:
        """Run statements on the database."""
        engine = sqlalchemy.create_engine(f"sqlite:///{self.database}")
        with engine.begin() as connection:
            for statement in statements:
                connection.execute(sqlalchemy.text(statement) if isinstance(statement, str) else statement)
        engine.dispose()

    def rows(self, query: Any) -> list[Any]:
        """What the database answers to a query."""
        engine = sqlalchemy.create_engine(f"sqlite:///{self.database}")
        with engine.connect() as connection:
            found = list(connection.execute(query))
        engine.dispose()
        return found

    def check(self) -> tuple[int, list[dict[str, str]]]:
        """Exit status and findings of ``mailman-pgp check``, without the remarks about this host."""
        result = run("check", "--config", self.config, "--json")
        findings = json.loads(result.output)["findings"]
        return result.exit_code, [finding for finding in findings if finding["area"] != "host"]


def write_config(root: Path) -> None:
    """A ``mailman.cfg`` that lacks nothing but our lines, and its var directory."""
    (root / "etc").mkdir()
    (root / "var" / "data").mkdir(parents=True)
    (root / "etc" / "mailman.cfg").write_text(f"[mailman]\nlayout: here\n[paths.here]\nvar_dir: {root}/var\n")


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """A Mailman that has never heard of us, nor been started: the path of its ``mailman.cfg``."""
    write_config(tmp_path)
    return tmp_path / "etc" / "mailman.cfg"


@pytest.fixture
def site(tmp_path: Path) -> OnDisk:
    """A site on which everything is fine."""
    from mailman_pgp.model.database import TABLES  # noqa: PLC0415 - it imports core

    write_config(tmp_path)
    made = OnDisk(tmp_path, SiteKey.create(tmp_path / "etc" / "site.key"))
    made.add(lines.as_configuration(str(made.settings)))
    made.settings.write_text(f"[pgp]\nkey_file: {made.key_file}\n")
    made.settings.chmod(0o644)  # core's start in another test has changed the umask
    engine = sqlalchemy.create_engine(f"sqlite:///{made.database}")
    Base.metadata.create_all(engine)
    engine.dispose()
    made.sql(
        "CREATE TABLE pgp_alembic (version_num VARCHAR(32) NOT NULL PRIMARY KEY)",
        f"INSERT INTO pgp_alembic VALUES ('{TABLES.newest_revision()}')",
        sqlalchemy.insert(Site).values(name="site_key", value=made.key.key_id),
    )
    return made


@pytest.fixture
def passphrase(tmp_path: Path) -> Path:
    """A file with the passphrase."""
    path = tmp_path / "passphrase"
    path.write_text(f"{PASSPHRASE}\nand a note\n")
    path.chmod(0o600)
    return path


@pytest.fixture
def backup(site: OnDisk, passphrase: Path, tmp_path: Path) -> Path:
    """A backup of the site's key."""
    path = tmp_path / "backup.asc"
    done = run("backup", path, "--config", site.config, "--passphrase-file", passphrase)
    assert done.exit_code == 0, done.output
    return path


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody can be asked, wherever the tests run."""
    monkeypatch.setattr(passphrases, "require_somebody", lambda: None)
