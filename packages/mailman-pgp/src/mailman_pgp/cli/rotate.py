"""``mailman-pgp rotate-site-key``: another site key, while Mailman stands still."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from typing import TYPE_CHECKING

import click
from sqlalchemy.exc import SQLAlchemyError

from mailman_pgp.cli import keeping
from mailman_pgp.cli.creation import CreationError
from mailman_pgp.cli.options import CONFIG
from mailman_pgp.cli.standing_still import standing_still
from mailman_pgp.site import doctor_keyfile, health

if TYPE_CHECKING:
    from pathlib import Path

    from mailman_pgp.rotation.procedure import Rotated
    from mailman_pgp.site.doctor_config import CoreConfiguration


@click.command("rotate-site-key")
@CONFIG
@click.option("--json", "as_json", is_flag=True, help="Write one JSON object instead of text.")
def command(config: Path | None, *, as_json: bool) -> None:
    """Put a new site key in the place of the one that there is, and seal anew all that is sealed.

    Stop Mailman first, and run this as the user that runs it. Whatever interrupts it, run it again: it goes on from there, and the
    site works meanwhile. Backups of the data from before still need the key of before: keep its backup as long as those.
    """
    try:
        core = keeping.core_configuration(config)
        key_file = keeping.named_key_file(core)
        _require_user(core)
        with standing_still(core):
            done = _rotate(core, key_file)
    except CreationError as problem:
        raise click.ClickException(str(problem)) from problem
    if as_json:
        click.echo(json.dumps(asdict(done), indent=2))
        return
    click.echo(f"The site key {done.now} has taken the place of {done.before}.")
    if done.closed:
        click.echo(
            f"Posts that no key opens: {done.closed}. They were sealed before their list was encrypted anew, and were left as they are."
        )
    click.echo(
        "Back it up now (`mailman-pgp backup`), and only then start Mailman: without the new key nothing can be opened."
    )


def _require_user(core: CoreConfiguration) -> None:
    user = doctor_keyfile.user_of_mailman(core)
    if user is None:
        raise CreationError(
            f"Mailman's var directory {core.var_dir} can't be looked at. Run this as the user that runs Mailman."
        )
    if user != os.geteuid():
        name = doctor_keyfile.name_of(user)
        raise CreationError(f"Run this as {name}, the user that runs Mailman: it writes Mailman's own files.")


def _rotate(core: CoreConfiguration, key_file: Path) -> Rotated:
    from mailman.config import config  # noqa: PLC0415 - core is initialised by this command alone
    from mailman.core.initialize import initialize  # noqa: PLC0415

    try:
        initialize(str(core.path))
        health.require()
    except health.NotHealthy as problem:
        raise CreationError(f"Nothing was done. {problem}") from None
    except (Exception, SystemExit) as error:
        raise CreationError(
            f"Mailman's core does not start ({type(error).__name__}). Nothing was done. `mailman-pgp check` names the mend."
        ) from error
    from mailman_pgp.keys.vault import VaultError  # noqa: PLC0415 - it needs core
    from mailman_pgp.rotation.procedure import rotate  # noqa: PLC0415
    from mailman_pgp.site.sitekey import SiteKeyError  # noqa: PLC0415

    try:
        return rotate(key_file, lambda sentence: click.echo(sentence, err=True))
    except (SiteKeyError, VaultError) as problem:
        config.db.abort()
        raise CreationError(f"{problem} Then run this again.") from problem
    except OSError as error:
        config.db.abort()
        raise CreationError(
            f"{error.filename or 'A file'} can't be read or written ({error.strerror}). Mend it and run this again: it goes on from "
            "there. The site works meanwhile."
        ) from error
    except SQLAlchemyError as error:
        config.db.abort()
        # Without its own text, which holds statements and values.
        raise CreationError(
            f"Mailman's database could not be read or written ({type(error).__name__}). Wait until no other program uses it, and run "
            "this again: it goes on from there. The site works meanwhile."
        ) from None
