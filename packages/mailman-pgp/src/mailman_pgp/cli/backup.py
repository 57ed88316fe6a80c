"""``mailman-pgp backup``: the site's key, encrypted, to be kept elsewhere."""

from __future__ import annotations

import json
from pathlib import Path

import click

from mailman_pgp.cli import keeping, passphrase
from mailman_pgp.cli.creation import CreationError
from mailman_pgp.cli.options import CONFIG
from mailman_pgp.openpgp import grouped

_MOST_BYTES = 2**20


@click.command("backup")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@CONFIG
@click.option(
    "--to",
    "certificate",
    type=click.Path(dir_okay=False, path_type=Path),
    help="A file with your OpenPGP certificate, to encrypt the backup to that, and not by a passphrase.",
)
@passphrase.option
@click.option("--json", "as_json", is_flag=True, help="Write one JSON object instead of text.")
def command(
    file: Path, config: Path | None, certificate: Path | None, passphrase_file: Path | None, *, as_json: bool
) -> None:
    """Write the site's key, encrypted, to the new FILE (`-`: standard output).

    It holds the key alone: back up Mailman's database and its var directory as any data, and keep FILE elsewhere. It is good until
    the key is replaced (`mailman-pgp rotate-site-key`). Mailman may go on.

    FILE is a usual OpenPGP message: by a passphrase, which you are asked for, or to a certificate of yours.
    """
    if str(file) == "-" and as_json:
        raise click.UsageError("Standard output has the backup itself: leave out --json, or name a file.")
    if certificate is not None and passphrase_file is not None:
        raise click.UsageError("A backup is encrypted by a passphrase or to a certificate: name one of the two.")
    try:
        core = keeping.core_configuration(config)
        key, compared = keeping.key_of(core)
        if str(file) != "-":
            keeping.require_new(file.absolute(), core)
        if certificate is not None:
            content = keeping.content_of(certificate, _MOST_BYTES, "a file with your certificate")
            message, fingerprint = keeping.encrypted_to(keeping.Backup.of(key), content, core)
        else:
            words, fingerprint = passphrase.new(passphrase_file), ""
            # Whoever is asked may take an hour for the answer, and the key be another one by then.
            key, compared = keeping.key_of(core)
            message = keeping.by_passphrase(keeping.Backup.of(key), words)
        if str(file) == "-":
            click.echo(message, nl=False)
            return
        keeping.write(file.absolute(), message, core)
    except CreationError as problem:
        raise click.ClickException(str(problem)) from problem
    if as_json:
        made = {"file": str(file), "key_id": key.key_id, "encrypted_to": fingerprint or None, "compared": compared}
        click.echo(json.dumps(made, indent=2))
        return
    how = f"to the certificate {grouped(fingerprint)}" if fingerprint else "by the passphrase, which was tried"
    click.echo(f"The site key {key.key_id} is in {file}, encrypted {how}.")
    if not compared:
        click.echo("Whether it is the key of Mailman's database could not be seen: that can't be reached.")
    click.echo("Keep it apart from Mailman's data, and try it: docs/operations.md has a drill.")
