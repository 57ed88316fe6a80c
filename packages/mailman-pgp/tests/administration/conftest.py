"""The command line of a healthy plugin in a real core, and certificates of every kind."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import jsonschema_rs
import pytest
from click.testing import CliRunner
from keys import forge_usable

from mailman_pgp.site import health
from mailman_pgp.site.settings import SiteSettings
from mailman_pgp.site.sitekey import SiteKey

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from click.testing import Result
    from sqlalchemy.orm import Session


@pytest.fixture
def healthy(store: Session, workflows: None, tmp_path: Path) -> Iterator[None]:  # noqa: ARG001 - both must be there
    """The plugin as it is after a good start, with a site key of the test's own."""
    path = tmp_path / "site.key"
    key = SiteKey.create(path)
    health._state = health._State(started=True, finished=True, settings=SiteSettings(key_file=path), key=key)
    yield
    health.forget()


def as_described(command: str, found: dict[str, Any]) -> None:
    """Every answer in any test is as programs are told."""
    from mailman_pgp.administration import schemas  # noqa: PLC0415 - core must be initialised

    if "error" in found:
        jsonschema_rs.validate(schemas.ERROR, found)
    elif command in schemas.ANSWERS:
        jsonschema_rs.validate(schemas.ANSWERS[command], found)


@dataclass(frozen=True, slots=True)
class CommandLine:
    """`mailman pgp …` without the script around it; each call sees the database as another process would."""

    store: Session

    def __call__(self, *words: str, typed: str | bytes | None = None) -> Result:
        """Run a command with the text typed into its standard input."""
        from mailman_pgp.administration.group import pgp  # noqa: PLC0415 - core must be initialised

        result = CliRunner().invoke(pgp, words, input=typed)
        # What the command did not commit is gone.
        self.store.rollback()
        return result

    def ok(self, *words: str, typed: str | bytes | None = None) -> str:
        """Run a command that must end well, and return what it printed."""
        result = self(*words, typed=typed)
        assert result.exit_code == 0, result.output
        return result.stdout

    def json(self, *words: str, status: int = 0, typed: str | bytes | None = None) -> dict[str, Any]:
        """Run a command with ``--json`` and return the object it printed, all of its standard output."""
        result = self(*words, "--json", typed=typed)
        assert result.exit_code == status, result.output
        found: dict[str, Any] = json.loads(result.stdout)
        as_described(words[0], found)
        return found

    def refused(self, *words: str, status: int = 1, typed: str | bytes | None = None) -> str:
        """Run a command that must be refused, and return the sentence it printed to standard error."""
        result = self(*words, typed=typed)
        assert result.exit_code == status, result.output
        assert result.stdout == ""
        assert "Traceback" not in result.stderr
        return result.stderr


@pytest.fixture
def run(store: Session, healthy: None) -> CommandLine:  # noqa: ARG001 - the plugin must be healthy
    """`mailman pgp …`."""
    return CommandLine(store)


@pytest.fixture
def encrypted(mlist: Any, run: CommandLine) -> Any:
    """The list ant@example.com, encrypted."""
    run.ok("enable", "ant.example.com")
    return mlist


@dataclass(frozen=True, slots=True)
class Files:
    """Files with certificates."""

    directory: Path

    def write(self, name: str, content: bytes) -> str:
        """Write a file and return its path."""
        path = self.directory / name
        path.write_bytes(content)
        return str(path)

    def certificate(self, address: str, name: str = "") -> str:
        """Make a new, good certificate of an address; a file with it in ASCII armor."""
        from mailman_pgp import openpgp  # noqa: PLC0415

        made = forge_usable(f"{name} <{address}>".strip()).public
        return self.write(
            f"{address}-{len(list(self.directory.iterdir()))}.asc", openpgp.armor(made, "PGP PUBLIC KEY BLOCK")
        )


@pytest.fixture
def files(tmp_path: Path) -> Files:
    """A place for files."""
    directory = tmp_path / "files"
    directory.mkdir()
    return Files(directory)
