"""What somebody can be: of the website, and of one list."""

from __future__ import annotations

from enum import IntEnum


class Role(IntEnum):
    """What somebody has to be, at least: who is more than that may do it, too."""

    EVERYBODY = 0
    LOGGED_IN = 1
    MEMBER = 2
    MODERATOR = 3
    OWNER = 4
    SITE_ADMIN = 5

    @property
    def of_list(self) -> bool:
        """Whether it is a role on one list."""
        return Role.MEMBER <= self <= Role.OWNER
