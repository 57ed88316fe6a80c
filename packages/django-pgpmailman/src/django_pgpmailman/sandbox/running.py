"""A Mailman and its website, from their start to their end."""

from __future__ import annotations

import contextlib
import fcntl
import os
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from django_pgpmailman.sandbox import scene
from django_pgpmailman.sandbox.events import settings_for
from django_pgpmailman.sandbox.mailman import Mailman
from django_pgpmailman.sandbox.people import Person
from django_pgpmailman.sandbox.website import Website
from mailman_pgp.sandbox import Options, Runners, Sandbox, SandboxError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mailman_pgp.sandbox.place import Place


@contextlib.contextmanager
def running(directory: Path, options: Options, runners: Runners = Runners.FORKED) -> Iterator[dict[str, Any]]:
    """A sandbox with its website and what there is to see; what it announces, with `web` in it.

    Everything ends with the block.  In the same directory it goes on.

    :raises SandboxError, WebsiteError: Something does not start; the text says what to do.
    """
    web = directory / "web"
    web.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _alone(web), contextlib.ExitStack() as stack:
        website = Website(web)
        stack.callback(website.stop)
        settings = [*settings_for(web / "events.cfg", website.section), *options.settings]
        sandbox = Sandbox(directory, replace(options, settings=settings), runners=runners)
        stack.callback(sandbox.stop)  # also where it is told to end while it starts
        sandbox.start()
        smtp = sandbox.description["smtp"]
        website.settings |= {
            "DEFAULT_FROM_EMAIL": "postmaster@example.com",
            "EMAIL_HOST": smtp["host"],
            "EMAIL_PORT": smtp["port"],
        }
        website.start(
            sandbox.rest,
            [
                {
                    "email": account.address,
                    "name": account.name,
                    "password": website.password,
                    "superuser": account.superuser,
                }
                for account in scene.ACCOUNTS
            ],
        )
        scene.Scene(sandbox.place, Mailman.at(sandbox.place)).make()
        yield {**sandbox.description, "web": _described(website, sandbox.place)}


def _described(website: Website, place: Place) -> dict[str, Any]:
    return {
        "url": website.url,
        "password": website.password,
        "pid": website.pid,
        "people": [{"address": account.address, "who": account.who} for account in scene.ACCOUNTS],
        "pages": [
            {"url": f"{website.url}{sight.path}", "as": sight.account.address, "shown": sight.shown}
            for sight in scene.SIGHTS
        ],
        "joins": {
            "address": scene.STRANGER.address,
            "certificate": str(Person.at(place, scene.STRANGER.address, scene.STRANGER.name).certificate_file),
        },
        "read": [sys.executable, "-m", "django_pgpmailman.sandbox", "mail", f"--dir={place.root}"],
    }


@contextlib.contextmanager
def _alone(web: Path) -> Iterator[None]:
    """Before anything there is written: as `mailman_pgp.sandbox.service` has it for the Mailman."""
    descriptor = os.open(web / "lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SandboxError(f"A sandbox is running in {web.parent}: stop it, or choose another --dir.") from None
        yield
    finally:
        os.close(descriptor)
