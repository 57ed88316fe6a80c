"""How an event's own words are found: by an adapter for its class, which other plugins register for theirs.

@tells(KeyChangedEvent)
def key_changed(event):
return Told({"list_id": event.list_id, "address": event.address}, list_id=event.list_id)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from zope.component import getGlobalSiteManager, queryAdapter
from zope.interface import Attribute, Interface, implementer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import TypeAlias

    Plain: TypeAlias = str | int | bool | tuple[str, ...] | None

__all__ = ["ITold", "Told", "described", "tells", "told_of"]

_described: set[str] = set()


class ITold(Interface):  # type: ignore[misc]  # zope is untyped
    """What of an event is told."""

    data = Attribute("Plain values by their names: what REST can resolve.")
    list_id = Attribute("The ID of the list that the event is about, or None.")


@implementer(ITold)
@dataclass(frozen=True, slots=True)
class Told:
    """What of an event is told.

    :ivar data: Plain values by their names.  No tokens, passwords, subjects, or texts of messages.
    :ivar list_id: The ID of the list that it is about; None where it is about none.
    """

    data: Mapping[str, Plain]
    list_id: str | None = None


def tells(*kinds: type) -> Callable[[Callable[[Any], Told]], Callable[[Any], Told]]:
    """Register a function as the one that tells of events of these classes."""

    def register(function: Callable[[Any], Told]) -> Callable[[Any], Told]:
        for kind in kinds:
            getGlobalSiteManager().registerAdapter(function, (kind,), ITold)
            _described.add(kind.__name__)
        return function

    return register


def described() -> frozenset[str]:
    """The names of the classes of events of which somebody has said what may be told."""
    return frozenset(_described)


def told_of(event: object) -> Told | None:
    """What is told of an event, with the values of this moment; None where nobody has said what may be."""
    found: Told | None = queryAdapter(event, ITold)
    return found
