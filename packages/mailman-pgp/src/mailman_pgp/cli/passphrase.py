"""A passphrase from the keyboard or from a file: never from the command line or the environment, which others can read."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Callable

#: Six random words have more; a name and a year have less.
LEAST_CHARACTERS = 12
_LARGEST_FILE = 1024
_NOT_FOR_OTHERS = stat.S_IRWXG | stat.S_IRWXO


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
    given = (
        click.prompt("Passphrase for the backup", hide_input=True, confirmation_prompt="Once more", err=True)
        if file is None
        else _of_file(file)
    )
    if len(given) < LEAST_CHARACTERS:
        raise click.ClickException(
            f"A passphrase of {LEAST_CHARACTERS} characters is the least: whoever finds the backup can try for years. Take six "
            "random words, for example. Nothing was written."
        )
    return str(given)


def known(file: Path | None) -> str:
    """The passphrase of something that is protected; raises click.ClickException when it can't be read."""
    return str(click.prompt("Passphrase of the backup", hide_input=True, err=True)) if file is None else _of_file(file)


def _of_file(path: Path) -> str:
    try:
        # A pipe, such as a shell makes it of `<(...)`, is waited for.
        with path.open("rb") as opened:
            _require_private(path, os.fstat(opened.fileno()).st_mode)
            content = opened.read(_LARGEST_FILE + 1)
        passphrase = content.decode().partition("\n")[0].removesuffix("\r")
    except IsADirectoryError:
        raise _no_passphrase(path) from None
    except OSError as error:
        raise click.ClickException(f"{path} can't be read ({error.strerror}). Name a file that you can read.") from None
    except UnicodeDecodeError:
        raise click.ClickException(f"The first line of {path} is no text in UTF-8.") from None
    if not passphrase or len(content) > _LARGEST_FILE:
        raise click.ClickException(
            f"The first line of {path} should be the passphrase, and no more than a kilobyte follow."
        )
    return passphrase


def _require_private(path: Path, mode: int) -> None:
    if stat.S_ISREG(mode) and mode & _NOT_FOR_OTHERS:
        raise click.ClickException(
            f"{path} is open to others (mode {stat.S_IMODE(mode):04o}). Run `chmod 0600 {path}`, or choose another passphrase "
            "if somebody may have read it."
        )
    if not stat.S_ISREG(mode) and not stat.S_ISFIFO(mode):
        raise _no_passphrase(path)


def _no_passphrase(path: Path) -> click.ClickException:
    return click.ClickException(f"{path} is not a file with a passphrase.")
