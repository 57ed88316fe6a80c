"""What a process keeps of certificates, so that it need not be made again for each post."""

import threading
from collections import OrderedDict
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")

# Of the values that find no room, each so manieth takes that of others.
_ADMITTED = 16


class Kept(Generic[K, V]):
    """Values by their keys, each with what it costs; all together cost no more than `most`.

    People choose how large their certificates are, so a number of them bounds nothing.

    A list with more members than there is room for asks for all of them, post by post, in one order.  Who makes room for each by what
    was not asked for longest drops what is asked for next, and never finds anything.  So what finds no room is not kept, and what is
    kept stays and is found; but for a few, in whose favour what was not asked for longest goes, so that it does not stay for ever.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._cost = 0
        self._turned_away = 0
        self._values: OrderedDict[K, tuple[V, int]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: K) -> V | None:
        """Return what is kept under `key`, if anything is."""
        with self._lock:
            found = self._values.get(key)
            if found is None:
                return None
            self._values.move_to_end(key)
            return found[0]

    def put(self, key: K, value: V, cost: int) -> None:
        """Keep `value`, in place of what was kept under `key`; of values for which there is no room, few, and none larger than all of it."""
        with self._lock:
            known = self._values.pop(key, None)
            if known is not None:
                self._cost -= known[1]
            if cost > self._most or not (known or self._has_room(cost)):
                return
            self._cost += cost
            self._values[key] = value, cost
            while self._cost > self._most:
                self._cost -= self._values.popitem(last=False)[1][1]

    def _has_room(self, cost: int) -> bool:
        if self._cost + cost <= self._most:
            return True
        self._turned_away = (self._turned_away + 1) % _ADMITTED
        return self._turned_away == 0
