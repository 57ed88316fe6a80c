"""Which events were done already: for receivers that live in one process."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock


class Seen:
    """The ids of the latest events.

    An event comes at least once.  Ask before the work and add after it: who dies in between does the work when the event comes again.

    :param most: So many are remembered; the oldest are forgotten first.
    """

    def __init__(self, most: int = 10_000) -> None:
        self._most = most
        self._ids: OrderedDict[str, None] = OrderedDict()
        self._lock = Lock()

    def __contains__(self, event_id: str) -> bool:
        return event_id in self._ids

    def __len__(self) -> int:
        return len(self._ids)

    def add(self, event_id: str) -> None:
        """Remember an event that is done."""
        with self._lock:
            self._ids[event_id] = None
            self._ids.move_to_end(event_id)
            while len(self._ids) > self._most:
                self._ids.popitem(last=False)
