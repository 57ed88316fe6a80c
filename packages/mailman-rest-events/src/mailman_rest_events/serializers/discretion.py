"""Of which lists even the names of those who write are not told."""

from __future__ import annotations

from typing import Any

from zope.component import getUtilitiesFor
from zope.interface import Interface


class IDiscretion(Interface):  # type: ignore[misc]  # zope is untyped
    """A utility by which a plugin says of which lists it is so; any number may be registered, by names."""

    def conceals(mlist: Any) -> bool:  # type: ignore[empty-body]  # noqa: N805 - zope's way
        """Whether of messages to this list no sender is told."""


def conceals(mlist: Any) -> bool:
    """Whether of messages to a list no sender is told; in doubt none is."""
    for _name, discretion in getUtilitiesFor(IDiscretion):
        try:
            if discretion.conceals(mlist):
                return True
        except Exception:  # noqa: BLE001 - another plugin's
            return True
    return False
