"""Passphrases: typed, or in a file that nobody else may read; never an argument or a variable, which others can see."""

from __future__ import annotations

import os
import stat
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

#: Six random words have more; a name and a year have less.
LEAST_CHARACTERS = 12
_LARGEST_FILE = 4096
_TERMINAL = "/dev/tty"
_NOT_FOR_OTHERS = stat.S_IRWXG | stat.S_IRWXO


class PassphraseError(Exception):
    """There is no passphrase, or none that protects; the text says what to do, and shows nothing of it."""


def in_file(path: Path) -> str:
    """The first line of a file, or of a pipe such as a shell makes it of `<(...)`, which is waited for.

    :raises PassphraseError: when it can't be read, when others can read it, and when it holds something else.
    """
    try:
        with path.open("rb") as opened:
            _require_private(path, os.fstat(opened.fileno()).st_mode)
            content = opened.read(_LARGEST_FILE + 1)
        passphrase = content.decode().partition("\n")[0].removesuffix("\r")
    except IsADirectoryError:
        raise _no_passphrase(path) from None
    except OSError as error:
        raise PassphraseError(f"{path} can't be read ({error.strerror}). Name a file that you can read.") from None
    except UnicodeDecodeError:
        raise PassphraseError(f"The first line of {path} is no text in UTF-8.") from None
    if not passphrase or len(content) > _LARGEST_FILE:
        raise PassphraseError(
            f"{path} has no passphrase in its first line, or more than {_LARGEST_FILE} bytes in all. Name the right file."
        )
    return passphrase


def require_somebody() -> None:
    """See that there is a terminal, at which a passphrase can be typed without being shown.

    Without one, `getpass` would take it from standard input, and warn that it may be shown.

    :raises PassphraseError: when there is none: in a job of cron or systemd, say.
    """
    try:
        os.close(os.open(_TERMINAL, os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC))
    except OSError:
        if not (sys.stdin and sys.stdin.isatty()):
            raise PassphraseError(
                "Here nobody can be asked for the passphrase: name a file by --passphrase-file."
            ) from None


def typed(text: str) -> str:
    """What somebody has typed.

    :raises PassphraseError: when the terminal has sent something that is no text.
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        raise PassphraseError(
            "What was typed is no text in UTF-8. See how the terminal is set, and try again."
        ) from None
    return text


def require_long(passphrase: str) -> None:
    """See that it can protect something that somebody may find.

    :raises PassphraseError: when it is too short.
    """
    if len(passphrase) < LEAST_CHARACTERS:
        raise PassphraseError(
            f"A passphrase of {LEAST_CHARACTERS} characters is the least: whoever finds the file can try for years. Take six random "
            "words, for example. Nothing was written."
        )


def _require_private(path: Path, mode: int) -> None:
    if stat.S_ISREG(mode) and mode & _NOT_FOR_OTHERS:
        raise PassphraseError(
            f"{path} is open to others (mode {stat.S_IMODE(mode):04o}). Run `chmod 0600 {path}`, or choose another passphrase if "
            "somebody may have read it."
        )
    if not stat.S_ISREG(mode) and not stat.S_ISFIFO(mode):
        raise _no_passphrase(path)


def _no_passphrase(path: Path) -> PassphraseError:
    return PassphraseError(f"{path} is not a file with a passphrase.")
