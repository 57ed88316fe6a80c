"""What a process keeps of certificates, so that it need not be made again for each post."""

import threading
from collections import OrderedDict
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Kept(Generic[K, V]):
    """Values by their keys, each with what it costs; what was not asked for longest goes when all cost more than `most`.

    People choose how large their certificates are, so a number of them bounds nothing.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._cost = 0
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
        """Keep `value`, in place of what was kept under `key`; not when it would take all the room for itself."""
        with self._lock:
            self._cost -= self._values.pop(key, (None, 0))[1]
            if cost > self._most:
                return
            self._cost += cost
            self._values[key] = value, cost
            while self._cost > self._most:
                self._cost -= self._values.popitem(last=False)[1][1]
