"""What may be wrong with a list key at rest."""

from __future__ import annotations


class VaultError(Exception):
    """A list key is missing or can't be opened; the text says what to do and holds nothing secret."""


def no_key(list_id: str) -> VaultError:
    """That a list has no key."""
    return VaultError(
        f"The list {list_id} has no list key. Make it an encrypted list with `mailman pgp enable {list_id}`."
    )
