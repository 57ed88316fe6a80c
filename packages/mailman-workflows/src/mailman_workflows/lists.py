"""The list that a person means by what they write."""

from __future__ import annotations

from typing import Any

from mailman.interfaces.listmanager import IListManager
from zope.component import getUtility


def find_list(spec: str) -> Any | None:
    """The mailing list (`IMailingList`) of a posting address or a list-id, in whichever case; None when there is none."""
    wanted = spec.strip().lower()
    # Databases fail over some of the rest, and no list is called like that.
    return getUtility(IListManager).get(wanted) if wanted.isascii() and wanted.isprintable() else None
