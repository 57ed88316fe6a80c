"""A site whose key was backed up, and may be lost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from click.testing import CliRunner

from mailman_pgp.cli import main
from mailman_pgp.model.tables import ListKey

if TYPE_CHECKING:
    from conftest import OnDisk

PASSPHRASE = "correct horse battery staple"


def run(*arguments: object, stdin: str | bytes = "") -> Any:
    """``mailman-pgp ARGUMENTS…``; an exception of ours would be a traceback for people, so it fails the test."""
    return CliRunner().invoke(main, [str(argument) for argument in arguments], input=stdin, catch_exceptions=False)


def lose(site: OnDisk) -> str:
    """Lose the key file; what was in it."""
    text = site.key_file.read_text()
    site.key_file.unlink()
    return text


def restore(site: OnDisk, backup: object, passphrase: object, *more: object, stdin: str | bytes = "") -> Any:
    """``mailman-pgp restore``."""
    return run("restore", backup, "--config", site.config, "--passphrase-file", passphrase, *more, stdin=stdin)


def list_key(site: OnDisk, fingerprint: str, sealed_by: str, **parts: bytes) -> None:
    """Give a list a key, sealed by a site key; of its certificate and what is sealed, what is not given is empty."""
    from mailman_pgp.model.database import now  # noqa: PLC0415 - it imports core

    row = {"certificate": b"", "secret": b"", "revocation": b"", **parts}
    of = {"fingerprint": fingerprint, "list_id": "ant.example.com", "sealed_by": sealed_by}
    site.sql(sa.insert(ListKey).values(**row, **of, created=now(), state="current"))
