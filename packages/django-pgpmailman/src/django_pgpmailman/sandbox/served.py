"""The processes of a website: the WSGI application that gunicorn serves, and what is done before and beside it.

`WEBSITE` in the environment is its directory; the file `settings.json` there holds its settings.  As a program:

    python -m django_pgpmailman.sandbox.served prepare          the tables, and the accounts that standard input has as JSON
    python -m django_pgpmailman.sandbox.served COMMAND …        a command of Django
"""

from __future__ import annotations

import json
import os
import sys
import warnings
from pathlib import Path
from typing import Any

from mailman_pgp.sandbox import processes


def load() -> None:
    """Have Django ready."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import django  # noqa: PLC0415 - the settings come first
        from django.conf import settings  # noqa: PLC0415

        settings.configure(**json.loads((Path(os.environ["WEBSITE"]) / "settings.json").read_text()))
        django.setup()


def application() -> Any:
    """What gunicorn serves, with the files of its styles.  It ends with whoever has started it, and its workers with it."""
    processes.die_with_parent(os.getppid())
    processes.all_children_die_with_their_parent()
    load()
    from django.contrib.staticfiles.handlers import StaticFilesHandler  # noqa: PLC0415 - Django must be ready
    from django.core.handlers.wsgi import WSGIHandler  # noqa: PLC0415

    return StaticFilesHandler(WSGIHandler())


def prepare(accounts: list[dict[str, Any]]) -> None:
    """Make what tables are missing, and the accounts: people who have proven their addresses.

    :param accounts: Of each `email`, `password`, `name`, and whether it is a `superuser`.
    """
    from allauth.account.models import EmailAddress  # noqa: PLC0415 - Django must be ready
    from django.contrib.auth import get_user_model  # noqa: PLC0415
    from django.core.management import call_command  # noqa: PLC0415

    call_command("migrate", run_syncdb=True, verbosity=0)
    call_command("createcachetable")
    users = get_user_model().objects
    for account in accounts:
        email, superuser = account["email"], account["superuser"]
        if users.filter(username=email).exists():
            continue
        user = users.create_user(
            email, email, account["password"], first_name=account["name"], is_superuser=superuser, is_staff=superuser
        )
        EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)


def _main() -> None:
    load()
    if sys.argv[1:] == ["prepare"]:
        prepare(json.load(sys.stdin))
        return
    from django.core.management import call_command  # noqa: PLC0415 - Django must be ready

    call_command(*sys.argv[1:])


if __name__ == "__main__":
    _main()
