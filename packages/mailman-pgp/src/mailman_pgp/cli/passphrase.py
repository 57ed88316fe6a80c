"""The passphrase of a backup, for `mailman-pgp`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mailman_pgp.site import passphrases
from mailman_pgp.site.passphrases import PassphraseError

if TYPE_CHECKING:
    from collections.abc import Callable


def option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the option `--passphrase-file` to a command."""
    return click.option(
        "--passphrase-file",
        type=click.Path(path_type=Path),
        help="A file whose first line is the passphrase, which nobody else may read.  Default: you are asked.",
    )(command)


def new(file: Path | None) -> str:
    """A passphrase for something that is to be protected; typed twice where it is typed.

    :raises click.ClickException: when it is too short, or can't be read.
    """
    passphrase = _given(file, "Passphrase for the backup", "Once more")
    try:
        passphrases.require_long(passphrase)
    except PassphraseError as problem:
        raise click.ClickException(str(problem)) from None
    return passphrase


def known(file: Path | None) -> str:
    """The passphrase of something that is protected; raises click.ClickException when it can't be read."""
    return _given(file, "Passphrase of the backup")


def _given(file: Path | None, question: str, again: str | None = None) -> str:
    try:
        if file is not None:
            return passphrases.in_file(file)
        passphrases.require_somebody()
        return passphrases.typed(click.prompt(question, hide_input=True, confirmation_prompt=again or False, err=True))
    except PassphraseError as problem:
        raise click.ClickException(str(problem)) from None
