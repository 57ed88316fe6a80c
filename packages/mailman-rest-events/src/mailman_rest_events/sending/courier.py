"""A thread that sends the events of one endpoint, one after the other, and touches nothing but its connection.

What it is given has a round; when something is not taken, the rest of this round is left, and given anew in the next one.
"""

from __future__ import annotations

import queue
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mailman_rest_events.sending import signing
from mailman_rest_events.sending.answers import Answer, Verdict
from mailman_rest_events.sending.transport import Connection

if TYPE_CHECKING:
    from mailman_rest_events.endpoints.settings import Endpoint


@dataclass(frozen=True, slots=True)
class Parcel:
    """One event as it is sent.

    :ivar key: By which its answer is known again.
    :ivar body: JSON, UTF-8.
    """

    key: object
    event: str
    body: bytes
    round: int


@dataclass(frozen=True, slots=True)
class Returned:
    """What became of a parcel."""

    endpoint: str
    parcel: Parcel
    answer: Answer


class Courier(threading.Thread):
    """Sends what is put into it; see `Returned`."""

    def __init__(self, endpoint: Endpoint, returned: queue.SimpleQueue[Returned]) -> None:
        # A name that leads nowhere can take the system's resolver long; nobody waits for that at the end.
        super().__init__(name=f"events-{endpoint.name}", daemon=True)
        self.endpoint = endpoint
        self._returned = returned
        self._parcels: queue.SimpleQueue[Parcel | None] = queue.SimpleQueue()
        self._connection = Connection(endpoint)
        self._stopping = False

    def give(self, parcel: Parcel) -> None:
        """Have a parcel sent after those before it."""
        self._parcels.put(parcel)

    def look(self) -> None:
        """Break off a request whose time is over; to be called now and again."""
        self._connection.overdue()

    def stop(self) -> None:
        """Send nothing more after the request that is under way."""
        self._stopping = True
        self._parcels.put(None)

    def run(self) -> None:
        """See `Thread`."""
        left = -1
        while (parcel := self._parcels.get()) is not None and not self._stopping:
            if parcel.round == left:
                continue
            headers = signing.headers(self.endpoint.secrets, parcel.event, int(time.time()), parcel.body)
            try:
                answer = self._connection.post(parcel.body, headers)
            except Exception as error:  # noqa: BLE001 - a thread that dies would leave its endpoint behind
                self._connection.close()
                answer = Answer(Verdict.AGAIN, f"It could not be sent ({type(error).__name__}).")
            if answer.verdict is not Verdict.TAKEN:
                left = parcel.round
            self._returned.put(Returned(self.endpoint.name, parcel, answer))
        self._connection.close()
