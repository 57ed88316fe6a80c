"""How an address of the visitor's own stands in the address of a page, and which of their addresses Mailman is asked about.

Mailman folds what it is given as Unicode does, by which an address beyond ASCII can become somebody else's: such ones are never named
to it.  Nor are those that it would take for no address at all, since it refuses the whole question then.
"""

from __future__ import annotations

import re
from typing import Any

from django_pgpmailman.permissions import addresses_of

# Core's own characters for mail addresses (`mailman.email.validate`).
PATTERN = re.compile(r"[0-9A-Za-z!#$%&'*+./=?_{}~-]{1,128}@(?:[0-9A-Za-z-]{1,63}\.){1,9}[0-9A-Za-z-]{1,63}")
#: The part of an address of a page that must be an address of the visitor: the one door of our pages sees to it.
NAME = "own_address"


class OwnAddress:
    """A path converter (see Django)."""

    regex = PATTERN.pattern

    def to_python(self, value: str) -> str:
        """In lower case; it is ASCII."""
        return value.lower()

    def to_url(self, value: str) -> str:
        """The same."""
        if not PATTERN.fullmatch(value):
            raise ValueError("This is no mail address.")
        return value


def own_addresses(user: Any) -> list[str]:
    """The addresses that a user of the website has proven to be theirs, and about which Mailman can be asked."""
    return sorted(address for address in addresses_of(user) if PATTERN.fullmatch(address))
