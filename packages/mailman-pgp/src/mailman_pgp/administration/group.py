"""The command group `mailman pgp`."""

from __future__ import annotations

import click

from mailman_pgp.administration.archive import archive
from mailman_pgp.administration.certificates import certificate
from mailman_pgp.administration.changes import change
from mailman_pgp.administration.deeds import log
from mailman_pgp.administration.digest import digest
from mailman_pgp.administration.encryption import disable, enable
from mailman_pgp.administration.explaining import explain_mail
from mailman_pgp.administration.list_key import list_key
from mailman_pgp.administration.posts import show_posts
from mailman_pgp.administration.settings import set_settings
from mailman_pgp.administration.status import status
from mailman_pgp.administration.trial import send_a_test


@click.group("pgp", context_settings={"help_option_names": ["-h", "--help"]})
def pgp() -> None:
    """Look after encrypted mailing lists.

    LIST is a list's address (ant@example.com) or its list-id (ant.example.com). A command ends with status 0 when all is
    well, 1 when it was refused (nothing was changed then), 2 when the command line is not right.
    """


for command in (
    enable,
    disable,
    list_key,
    certificate,
    change,
    set_settings,
    status,
    show_posts,
    send_a_test,
    explain_mail,
    log,
    archive,
    digest,
):
    pgp.add_command(command)
