"""The application of a website with an app that keeps something of lists, and is told when one is deleted; stock has none."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from django_pgpmailman.sandbox import served


def application() -> Any:
    """What gunicorn serves; the lists that are deleted stand in the file `deleted`."""
    made = served.application()
    from django_mailman3.signals import mailinglist_deleted  # noqa: PLC0415 - Django must be ready

    mailinglist_deleted.connect(_remember, weak=False)
    return made


def _remember(list_id: str, **_kwargs: Any) -> None:
    with (Path(os.environ["WEBSITE"]) / "deleted").open("a") as file:
        file.write(f"{list_id}\n")
