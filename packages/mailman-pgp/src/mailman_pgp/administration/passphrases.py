"""Passphrases: typed at a terminal, where they are not shown, or in a file; never an argument or a variable, which others can see."""

from __future__ import annotations

import os
import stat
import sys
from typing import TYPE_CHECKING

import click
from public import public

from mailman_pgp.administration.answering import Mistaken
from mailman_pgp.administration.output import plain
from mailman_pgp.model.database import store

if TYPE_CHECKING:
    from pathlib import Path

_MOST_BYTES = 4096
#: What is to keep a key in a file that somebody may find.
_LEAST_CHARACTERS = 12


@public
def known(file: Path | None) -> bytes:
    """The passphrase of something that has one (UTF-8): the first line of a file, or asked for.

    :raises Mistaken: when there is nobody to ask, or the file can't be read, or others can read it.
    """
    return _from_file(file) if file is not None else _asked("Passphrase of the key", twice=False)


@public
def new(file: Path | None) -> bytes:
    """A passphrase for something that gets one; asked for twice.

    :raises Mistaken: as `known`, and when it is too short.
    """
    passphrase = _from_file(file) if file is not None else _asked("New passphrase", twice=True)
    if len(passphrase.decode(errors="replace")) < _LEAST_CHARACTERS:
        raise Mistaken(
            "passphrase-too-short",
            f"The passphrase has fewer than {_LEAST_CHARACTERS} characters: whoever finds the file could try them all. Take some words.",
        )
    return passphrase


def _asked(question: str, *, twice: bool) -> bytes:
    if click.get_current_context().params.get("as_json") or not sys.stdin.isatty():
        raise Mistaken("passphrase", "Here nobody can be asked for the passphrase: name a file by --passphrase-file.")
    # The question may wait for hours; no transaction does.
    store().rollback()
    answer: str = click.prompt(question, hide_input=True, confirmation_prompt=twice, err=True)
    return answer.encode()


def _from_file(path: Path) -> bytes:
    name = plain(str(path))
    try:
        with path.open("rb") as file:
            found = os.fstat(file.fileno())
            if stat.S_ISREG(found.st_mode) and found.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
                raise Mistaken("passphrase-file", f"Others can read {name}. Run `chmod 600` on it, and try again.")
            first = file.read(_MOST_BYTES + 1).split(b"\n")[0].removesuffix(b"\r")
    except OSError as error:
        raise Mistaken("passphrase-file", f"{name} can't be read ({error.strerror}).") from None
    if not first or len(first) > _MOST_BYTES:
        raise Mistaken("passphrase-file", f"{name} has no passphrase in its first line, or too long a one.")
    return first
