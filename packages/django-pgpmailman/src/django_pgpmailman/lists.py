"""How a list stands in the address of a page: by its list-id, and nothing else.

Core takes addresses of lists, too; but what is decided by one name must not be asked for by another.  Nor is a name let in that would
lead out of its place in an address of REST.
"""

from __future__ import annotations

import re

# Core's own characters for the names of lists (`[mailman] listname_chars`).
_NAME = r"[A-Za-z0-9_+=!$*{}~-](?:[A-Za-z0-9_+=!$*{}~-]|\.(?!\.)){0,253}"
_ADDRESS = re.compile(rf"{_NAME}@[a-z0-9-]+(?:\.[a-z0-9-]+)*")
PATTERN = re.compile(_NAME)


def is_address(text: str) -> bool:
    """Whether a text can be the address of a list; its domain is in lower case."""
    return _ADDRESS.fullmatch(text) is not None


class ListID:
    """A path converter (see Django)."""

    regex = PATTERN.pattern

    def to_python(self, value: str) -> str:
        """As it is in the address; list-ids are in lower case."""
        return value.lower()

    def to_url(self, value: str) -> str:
        """The same."""
        if not PATTERN.fullmatch(value):
            raise ValueError("This is no list-id.")
        return value
