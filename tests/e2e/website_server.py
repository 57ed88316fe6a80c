"""The processes of a website with Postorius and HyperKitty: the WSGI application that gunicorn serves, and what is done before.

`WEBSITE` in the environment is its directory; the file `settings.json` there holds its settings.
"""

from __future__ import annotations

import json
import os
import sys
import warnings
from pathlib import Path
from typing import Any

from mailman_pgp.sandbox import processes

DIRECTORY = Path(os.environ["WEBSITE"])
ADMINISTRATOR = "admin@example.org"
PASSWORD = "password"


def load() -> None:
    """Have Django ready."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import django  # noqa: PLC0415 - the settings come first
        from django.conf import settings  # noqa: PLC0415

        settings.configure(**json.loads((DIRECTORY / "settings.json").read_text()))
        django.setup()


def application() -> Any:
    """What gunicorn serves.  It ends with whoever has started it."""
    processes.die_with_parent(os.getppid())
    load()
    from django.core.handlers.wsgi import WSGIHandler  # noqa: PLC0415 - Django must be ready
    from django_mailman3.signals import mailinglist_deleted  # noqa: PLC0415

    mailinglist_deleted.connect(_remember, weak=False)
    return WSGIHandler()


def _remember(list_id: str, **_kwargs: Any) -> None:
    """As an app would that keeps something of lists; stock has none."""
    with (DIRECTORY / "deleted").open("a") as file:
        file.write(f"{list_id}\n")


def prepare(people: list[str]) -> None:
    """Make the tables, and accounts that have proven their addresses."""
    from allauth.account.models import EmailAddress  # noqa: PLC0415 - Django must be ready
    from django.contrib.auth import get_user_model  # noqa: PLC0415
    from django.core.management import call_command  # noqa: PLC0415

    call_command("migrate", run_syncdb=True, verbosity=0)
    call_command("createcachetable")
    users = get_user_model().objects
    users.create_superuser(ADMINISTRATOR, ADMINISTRATOR, PASSWORD)
    for email in people:
        account = users.create_user(email, email, PASSWORD)
        EmailAddress.objects.create(user=account, email=email, verified=True, primary=True)


def run_job() -> None:
    """Run the job that has HyperKitty learn of new lists, as stock does once an hour."""
    from django.core.management import call_command  # noqa: PLC0415 - Django must be ready

    call_command("runjob", "new_lists_from_mailman")


if __name__ == "__main__":
    load()
    if sys.argv[1] == "prepare":
        prepare(sys.argv[2:])
    else:
        run_job()
