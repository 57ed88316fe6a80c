"""How a list stands in the address of a page: by its list-id, and nothing else.

Core takes addresses of lists, too; but what is decided by one name must not be asked for by another.  Nor is a name let in that would
lead out of its place in an address of REST.
"""

from __future__ import annotations

import re

# Core's own characters for the names of lists (`[mailman] listname_chars`).
PATTERN = re.compile(r"[A-Za-z0-9_+=!$*{}~-](?:[A-Za-z0-9_+=!$*{}~-]|\.(?!\.)){0,253}")


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
