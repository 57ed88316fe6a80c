"""A new list that is encrypted from its first moment, or is not made at all.

Core makes the list before it applies the style, and REST commits even when it answers that something failed.  A style
that raises would so leave a plain list, and whoever tries again hears that the list exists, and uses it.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import click
from mailman.config import config
from public import public

from mailman_pgp.lists.encryption import EncryptionError
from mailman_pgp.site.health import NotHealthy

if TYPE_CHECKING:
    from collections.abc import Iterator


@public
class ListNotMadeError(click.ClickException, ValueError):
    """An encrypted list could not be made, and there is none.  Its text is a sentence for who wanted it.

    As a `ValueError` REST answers with it (status 400), as a `click.ClickException` ``mailman create`` prints it.
    """


@public
@contextmanager
def all_or_nothing(address: str) -> Iterator[None]:
    """Make an encrypted list inside this context; when that fails, nothing is left of the transaction that made the list.

    :param address: The list's posting address.
    :raises ListNotMadeError: for what a person can mend.
    """
    try:
        yield
    except BaseException as error:
        # All of it, and not the list alone: a broken session could not even delete it.
        config.db.abort()
        if isinstance(error, EncryptionError | NotHealthy):
            raise ListNotMadeError(f"The encrypted list {address} was not made.\n{error}") from error
        raise
