"""The application of a website as tests look at it: what its apps are told of, and which of its processes has answered."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from django_pgpmailman.sandbox import served

#: A header of each answer: the number of the process.
PROCESS = "X-Process"


def application() -> Any:
    """What gunicorn serves, with an app that keeps something of lists; those deleted, as it is told, stand in the file `deleted`."""
    made = served.application()
    from django_mailman3.signals import mailinglist_deleted  # noqa: PLC0415 - Django must be ready

    mailinglist_deleted.connect(_remember, weak=False)

    def named(environ: Any, start_response: Any) -> Any:
        def start(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
            return start_response(status, [*headers, (PROCESS, str(os.getpid()))], *more)

        return made(environ, start)

    return named


def _remember(list_id: str, **_kwargs: Any) -> None:
    with (Path(os.environ["WEBSITE"]) / "deleted").open("a") as file:
        file.write(f"{list_id}\n")
