"""A website beside a sandbox, with stock Postorius and HyperKitty and our apps, served by gunicorn on the loopback interface."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import secrets
import shlex
import signal
import socket
import subprocess
import sys
from typing import TYPE_CHECKING, Any

from django_pgpmailman.sandbox import project
from mailman_pgp.sandbox import ports
from mailman_pgp.sandbox.place import replace_json

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from mailman_pgp.sandbox.rest import Rest

_WORKERS = 2
_STOP_SECONDS = 20.0
_EVENTS = (
    "(Subscription|Unsubscription|AddressVerification|(List|Domain)(Created|Deleted)|List(Key|Settings)Changed)Event"
)


class WebsiteError(Exception):
    """The website does not start; the text says what was said instead."""


class Website:
    """A website in processes of its own, with a database on the disk and a cache that they share.

    Its port is there from the beginning, for whoever is to know it before it starts: that of the last time, where it is free.
    What it keeps between two starts (`password`, keys, the port) lies in `secrets.json`.

    :ivar directory: Where everything of it lies, readable by its owner only.
    :ivar settings: What its settings have in place of the project's.
    """

    application = "django_pgpmailman.sandbox.served:application()"
    """What gunicorn is to serve."""

    def __init__(self, directory: Path, **settings: Any) -> None:
        self.directory = directory
        self.settings = settings
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._kept: dict[str, Any] = {
            "port": 0,
            "secret": "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode(),
        }
        self._kept |= {name: secrets.token_urlsafe(24) for name in ("secret_key", "api_key")}
        self._kept |= {"password": secrets.token_urlsafe(9)}
        with contextlib.suppress(FileNotFoundError):
            self._kept |= json.loads((directory / "secrets.json").read_text())
        self._listening = _listen(self._kept["port"])
        self._kept["port"] = ports.port_of(self._listening)
        replace_json(directory / "secrets.json", self._kept)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Its root, with a slash at the end."""
        return f"http://{ports.LOOPBACK}:{self._kept['port']}/"

    @property
    def password(self) -> str:
        """That of all accounts."""
        return str(self._kept["password"])

    @property
    def section(self) -> str:
        """What mailman-rest-events.cfg says of it; but for its secrets as docs/receiving.md has it."""
        return (
            f"[endpoint.web]\nurl: {self.url}{project.EVENTS_PATH}\nallow_private: yes\n"
            f"api_key: {self._kept['api_key']}\nsecret: {self._kept['secret']}\nevents: {_EVENTS}\n"
        )

    def start(self, rest: Rest, accounts: Sequence[Mapping[str, Any]]) -> None:
        """Have it serve these accounts (`served.prepare`), and ask this Mailman.  Raises WebsiteError."""
        settings: dict[str, Any] = {
            **project.SETTINGS,
            "ACCOUNT_RATE_LIMITS": False,
            "ALLOWED_HOSTS": [ports.LOOPBACK, "localhost"],
            "CACHES": {
                "default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "mailman_cache"}
            },
            # HyperKitty's styles.
            "COMPRESS_PRECOMPILERS": [
                ["text/x-scss", f"{shlex.quote(sys.executable)} -m pysassc --style compressed {{infile}} {{outfile}}"]
            ],
            "DATABASES": {
                "default": {
                    "ENGINE": "django.db.backends.sqlite3",
                    "NAME": str(self.directory / "web.db"),
                    "OPTIONS": {"timeout": 60},
                }
            },
            "MAILMAN_EVENTS": {"secrets": [self._kept["secret"]]},
            "MAILMAN_REST_API_PASS": rest.password,
            "MAILMAN_REST_API_URL": rest.url.rpartition("/")[0],
            "MAILMAN_REST_API_USER": rest.user,
            "SECRET_KEY": self._kept["secret_key"],
            "STATIC_ROOT": str(self.directory / "static"),
            **self.settings,
        }
        replace_json(self.directory / "settings.json", settings)
        self.run("prepare", said=json.dumps(list(accounts)))
        self.serve()

    def serve(self) -> None:
        """Start the processes that answer; whoever has asked meanwhile waits."""
        descriptor = self._listening.fileno()
        command = [sys.executable, "-m", "gunicorn", f"--bind=fd://{descriptor}", f"--workers={_WORKERS}", "--preload"]
        command += ["--no-control-socket", "--graceful-timeout=2", self.application]
        with (self.directory / "log").open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - what the sandbox is installed with
                command,
                env=self._environment,
                pass_fds=[descriptor],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.directory,
                start_new_session=True,  # Ctrl-C in a terminal is for who has started it
            )

    @property
    def pid(self) -> int | None:
        """Of the process above those that answer; None where none runs."""
        return None if self._process is None or self._process.poll() is not None else self._process.pid

    def run(self, *arguments: str, said: str = "") -> None:
        """Run `served` as a program.  Raises WebsiteError."""
        command = [sys.executable, "-m", "django_pgpmailman.sandbox.served", *arguments]
        done = subprocess.run(  # noqa: S603 - our own module
            command, env=self._environment, input=said, check=False, capture_output=True, text=True
        )
        if done.returncode != 0:
            raise WebsiteError(f"The website did not start: {(done.stderr or done.stdout).strip()}")

    @property
    def _environment(self) -> dict[str, str]:
        return os.environ | {"WEBSITE": str(self.directory)}

    def stop(self) -> None:
        """End it; nothing happens where it does not run."""
        self._listening.close()
        if self.pid is None:
            return
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()  # its workers end with it
            self._process.wait()

    def logs(self) -> str:
        """What its processes have said."""
        return (self.directory / "log").read_text(errors="replace")


def _listen(port: int) -> socket.socket:
    """A listening socket, at this port of the loopback interface where it is free."""
    if port:
        with contextlib.suppress(OSError):
            return socket.create_server((ports.LOOPBACK, port), backlog=64)
    listening = ports.reserve()
    # As `create_server` does: else the connections of before would keep the next start from the same port for a minute.
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.listen(64)
    return listening
