"""Where everything of a sandbox lies, below one directory."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Place:
    """The paths of a sandbox; `root` is the absolute path of its directory."""

    root: Path

    @property
    def var(self) -> Path:
        """Mailman's own directory: queues, logs, data."""
        return self.root / "var"

    @property
    def queues(self) -> Path:
        """The queue directories, one below for each queue."""
        return self.var / "queue"

    @property
    def logs(self) -> Path:
        """Mailman's log files."""
        return self.var / "logs"

    @property
    def etc(self) -> Path:
        """The configuration files that the sandbox writes at each start."""
        return self.root / "etc"

    @property
    def config(self) -> Path:
        """``mailman.cfg``."""
        return self.etc / "mailman.cfg"

    @property
    def gunicorn_config(self) -> Path:
        """The settings of the HTTP server behind core's REST interface."""
        return self.etc / "gunicorn.cfg"

    @property
    def site_config(self) -> Path:
        """The plugin's settings."""
        return self.etc / "mailman-pgp.cfg"

    @property
    def site_key(self) -> Path:
        """The site's key file, outside Mailman's directory as on a real site."""
        return self.root / "keys" / "site.key"

    @property
    def mail(self) -> Path:
        """What the SMTP receiver got: a directory for each recipient, a file for each message."""
        return self.root / "mail"

    @property
    def receiver(self) -> Path:
        """How the SMTP receiver is to behave; see `mailman_pgp.sandbox.behaviour`."""
        return self.root / "receiver.json"

    @property
    def pids(self) -> Path:
        """The process ids by name, as JSON, kept up to date while the sandbox runs."""
        return self.root / "pids.json"

    @property
    def master_pid(self) -> Path:
        """Where commands look whether Mailman runs, and whom they are to stop."""
        return self.var / "master.pid"

    @property
    def log(self) -> Path:
        """The sandbox's own log, and what its processes print."""
        return self.root / "sandbox.log"

    @property
    def lock(self) -> Path:
        """Locked while a sandbox runs here."""
        return self.root / "sandbox.lock"

    def make(self) -> None:
        """Create the directories that are missing, readable by their owner only.  Raises OSError."""
        for directory in (self.root, self.etc, self.site_key.parent, self.mail):
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)


def replace_file(path: Path, content: str) -> None:
    """Write `content` (UTF-8) so that readers see the old file or the whole new one.  Raises OSError."""
    new = path.with_name(f".{path.name}.{os.getpid()}.new")
    new.write_text(content, encoding="utf-8")
    new.chmod(0o600)
    new.replace(path)


def replace_json(path: Path, content: dict[str, Any]) -> None:
    """Write `content` as JSON, in the manner of `replace_file`."""
    replace_file(path, json.dumps(content, indent=1) + "\n")
