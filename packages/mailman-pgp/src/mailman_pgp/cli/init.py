"""``mailman-pgp init``: the command line that makes a site's key file and settings."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mailman_pgp.cli.creation import CreationError, Plan, create, plan
from mailman_pgp.cli.options import CONFIG
from mailman_pgp.site.lines import as_configuration, values_in_force, violated

if TYPE_CHECKING:
    from collections.abc import Iterator


@click.command("init")
@CONFIG
@click.option(
    "--key-file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where the key goes, outside Mailman's var directory.  Default: pgp/site.key beside mailman.cfg.",
)
@click.option(
    "--settings",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Our settings file; written when it is not there.  Default: mailman-pgp.cfg beside mailman.cfg.",
)
@click.option("--owner", metavar="USER", help="The user that runs Mailman.  Default: who owns its var directory.")
@click.option("--json", "as_json", is_flag=True, help="Write one JSON object instead of text.")
def command(
    config: Path | None, key_file: Path | None, settings: Path | None, owner: str | None, *, as_json: bool
) -> None:
    """Make a site's key file and settings; print the lines for mailman.cfg.

    The key seals the secret keys of all lists and the posts that wait in queues.  A file that is there is never
    overwritten, and mailman.cfg is left to you.
    """
    try:
        prepared = plan(config, key_file, settings, owner)
        key = create(prepared)
    except CreationError as problem:
        raise click.ClickException(str(problem)) from problem
    lines = as_configuration(str(prepared.settings_file))
    if as_json:
        made = {
            "key_file": str(prepared.key_file),
            "key_id": key.key_id,
            "owner": prepared.owner.pw_name,
            "settings": str(prepared.settings_file),
            "mailman_cfg": str(prepared.config.path),
            "lines": lines,
        }
        click.echo(json.dumps(made, indent=2))
        return
    click.echo("\n".join(_story(prepared, key.key_id, lines)))


def _story(prepared: Plan, key_id: str, lines: str) -> Iterator[str]:
    yield f"Made the site key {key_id} in {prepared.key_file}, readable by {prepared.owner.pw_name} only."
    yield "Back it up now (`mailman-pgp backup`), apart from Mailman's data: without it no list key and no waiting post can be opened."
    if prepared.settings_exist:
        yield f"The settings in {prepared.settings_file} name it already."
    else:
        yield f"Wrote the settings to {prepared.settings_file}."
    yield ""
    if violated(values_in_force(prepared.config)):
        yield f"Next, add these lines to {prepared.config.path} (a section may stand there twice; the last value counts):"
        yield ""
        yield lines
        yield f"Then run `mailman-pgp check --config {prepared.config.path}`, and restart Mailman."
    else:
        yield f"{prepared.config.path} has all the lines it needs.  Restart Mailman, and run `mailman-pgp check`."
