"""What was done already: for receivers that live in one process."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock


class Seen:
    """The latest events, by `Event.delivery`.

    An event comes at least once.  Ask before the work and add after it: who dies in between does the work when the event comes again.

    :param most: So many are remembered; the oldest are forgotten first.
    """

    def __init__(self, most: int = 10_000) -> None:
        self._most = most
        self._deliveries: OrderedDict[str, None] = OrderedDict()
        self._lock = Lock()

    def __contains__(self, delivery: str) -> bool:
        return delivery in self._deliveries

    def __len__(self) -> int:
        return len(self._deliveries)

    def add(self, delivery: str) -> None:
        """Remember an event that is done."""
        with self._lock:
            self._deliveries[delivery] = None
            self._deliveries.move_to_end(delivery)
            while len(self._deliveries) > self._most:
                self._deliveries.popitem(last=False)
