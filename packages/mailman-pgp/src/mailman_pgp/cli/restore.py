"""``mailman-pgp restore``: the site's key back in its place, beside the database that it belongs to."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mailman_pgp.cli import keeping, passphrase
from mailman_pgp.cli.creation import CreationError, make_directory, owner_of
from mailman_pgp.cli.options import CONFIG
from mailman_pgp.site.sitekey import SiteKey, SiteKeyError, lies_below

if TYPE_CHECKING:
    import pwd

    from mailman_pgp.site.doctor_config import CoreConfiguration

#: More than any backup.
_MOST_BYTES = 2**16


@click.command("restore")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@CONFIG
@click.option("--owner", metavar="USER", help="The user that runs Mailman.  Default: who owns its var directory.")
@passphrase.option
@click.option("--json", "as_json", is_flag=True, help="Write one JSON object instead of text.")
def command(file: Path, config: Path | None, owner: str | None, passphrase_file: Path | None, *, as_json: bool) -> None:
    """Write the site's key back from the backup in FILE (`-`: standard input).

    First restore Mailman's database and its configuration: the key goes where that names it, and only if the database was sealed
    with it. A key file that is there is left alone.

    A backup that is encrypted to a certificate is opened by its key: gpg --decrypt FILE | mailman-pgp restore -
    """
    try:
        core = keeping.core_configuration(config)
        key_file = keeping.named_key_file(core)
        _require_place(key_file, core)
        backup = keeping.read(_read(file), lambda: passphrase.known(passphrase_file))
        keeping.require_same_site(core, backup.key)
        new = _write(key_file, backup.key, owner_of(core, owner))
    except CreationError as problem:
        raise click.ClickException(str(problem)) from problem
    if as_json:
        done = {
            "key_file": str(key_file),
            "key_id": backup.key.key_id,
            "made": f"{backup.made.isoformat()}Z",
            "new": new,
        }
        click.echo(json.dumps(done, indent=2))
        return
    if new:
        click.echo(
            f"The site key {backup.key.key_id}, backed up on {backup.made:%Y-%m-%d %H:%M} UTC, is in {key_file}."
        )
        click.echo("Run `mailman-pgp check`, then start Mailman.")
    else:
        click.echo(
            f"The site key {backup.key.key_id} is in {key_file} already, as the backup has it. Nothing was done."
        )


def _require_place(key_file: Path, core: CoreConfiguration) -> None:
    if lies_below(key_file, core.var_dir):
        raise CreationError(
            f"The key file {key_file} would lie below Mailman's var directory {core.var_dir}, so each backup of the data would hold "
            "its key. Correct key_file."
        )


def _read(path: Path) -> bytes:
    if str(path) == "-":
        return sys.stdin.buffer.read(_MOST_BYTES)
    return keeping.content_of(path, _MOST_BYTES, "the file with the backup")


def _write(key_file: Path, key: SiteKey, owner: pwd.struct_passwd) -> bool:
    """Write the key file, wholly or not at all; False where this key is there already."""
    if _is_there(key_file, key):
        return False
    if os.path.lexists(key_file):
        raise CreationError(
            f"There is a file {key_file} already, with something else in it. It was left alone: what was sealed under another key could "
            "never be opened without that. Move it elsewhere, keep it, and run this again."
        )
    try:
        make_directory(key_file.parent, owner)
        key.write_to(key_file, (owner.pw_uid, owner.pw_gid))
    except SiteKeyError as problem:
        raise CreationError(str(problem)) from problem
    except OSError as problem:
        raise CreationError(
            f"{problem.filename or key_file} can't be made ({problem.strerror}). Run this as root, or as the user that runs Mailman."
        ) from problem
    return True


def _is_there(key_file: Path, key: SiteKey) -> bool:
    if not os.path.lexists(key_file):
        return False
    try:
        return SiteKey.load(key_file).as_text() == key.as_text()
    except SiteKeyError:
        return False  # whatever it is, it is left alone, and said so
