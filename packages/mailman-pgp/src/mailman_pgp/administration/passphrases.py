"""The passphrase of a secret key, for `mailman pgp`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
from public import public

from mailman_pgp.administration.answering import Mistaken
from mailman_pgp.model.database import store
from mailman_pgp.site import passphrases
from mailman_pgp.site.passphrases import PassphraseError
from mailman_plugin_kit.texts import plain

if TYPE_CHECKING:
    from pathlib import Path


@public
def known(file: Path | None) -> bytes:
    """The passphrase of something that has one (UTF-8): the first line of a file, or asked for.

    :raises Mistaken: when there is nobody to ask, or the file can't be read, or others can read it.
    """
    return _given(file, "Passphrase of the key", twice=False).encode()


@public
def new(file: Path | None) -> bytes:
    """A passphrase for something that gets one; asked for twice.

    :raises Mistaken: as `known`, and when it is too short.
    """
    passphrase = _given(file, "New passphrase", twice=True)
    try:
        passphrases.require_long(passphrase)
    except PassphraseError as problem:
        raise Mistaken("passphrase-too-short", str(problem)) from None
    return passphrase.encode()


def _given(file: Path | None, question: str, *, twice: bool) -> str:
    try:
        if file is not None:
            return passphrases.in_file(file)
        return passphrases.typed(_asked(question, twice=twice))
    except PassphraseError as problem:
        raise Mistaken("passphrase" if file is None else "passphrase-file", plain(str(problem))) from None


def _asked(question: str, *, twice: bool) -> str:
    if click.get_current_context().params.get("as_json"):
        raise Mistaken(
            "passphrase", "With --json nobody is asked for the passphrase: name a file by --passphrase-file."
        )
    passphrases.require_somebody()
    # The question may wait for hours; no transaction does.
    store().rollback()
    answer: str = click.prompt(question, hide_input=True, confirmation_prompt=twice, err=True)
    return answer
