"""Between the outbox and the couriers: what is claimed is given out in its order, and what came of it is written down, many at once.

The database is used by one thread, the network by others.
"""

from __future__ import annotations

import logging
import queue
import time
from typing import TYPE_CHECKING

from mailman.config import config
from sqlalchemy.exc import SQLAlchemyError

from mailman_plugin_kit.database import now, store
from mailman_rest_events.model.tables import Happened
from mailman_rest_events.outbox import claims, crashes, writing
from mailman_rest_events.outbox.pruning import Pruning
from mailman_rest_events.sending.answers import Verdict
from mailman_rest_events.sending.body import body_of
from mailman_rest_events.sending.courier import Courier, Parcel, Returned
from mailman_rest_events.sending.line import Item, Line

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping

    from mailman_rest_events.endpoints.settings import Endpoint
    from mailman_rest_events.sending.line import Step

log = logging.getLogger("mailman.error")

#: So many events of an endpoint are in memory at most, and so many of them with its courier.
_HELD, _OUT = 1000, 100
#: So many answers are written down at once, at the latest after so many seconds.
_BATCH, _SECONDS = 200, 0.2
_MOST_ASIDE = 10
_LOOK_SECONDS = 0.25
#: A database that fails is asked again after so long at first, and at most.
_PAUSE_SECONDS, _LONGEST_PAUSE = 0.25, 15.0


class _Way:
    """One endpoint: its line, its courier, and what is with it."""

    def __init__(self, endpoint: Endpoint, returned: queue.SimpleQueue[Returned]) -> None:
        row = claims.course(endpoint.name)
        self.endpoint = endpoint
        self.line = Line(failures=row.failures, due=row.due)
        self.line.stopped, self.line.problem = row.stopped, row.problem
        self.courier = Courier(endpoint, returned)
        self.round = 0
        self.last = 0  # the greatest number that was read
        self.out: list[int] = []  # rows that are with the courier
        self.aside: int | None = None
        self.steps: list[Step] = []
        self.delivered: dt.datetime | None = None
        self.failed: dt.datetime | None = None
        self.changed = False


class Dispatch:
    """Sends the events of all endpoints that are active.

    :param endpoints: All of them, by their names.
    """

    def __init__(self, endpoints: Mapping[str, Endpoint]) -> None:
        self._endpoints = endpoints
        self._returned: queue.SimpleQueue[Returned] = queue.SimpleQueue()
        self._ways = {name: _Way(endpoint, self._returned) for name, endpoint in endpoints.items() if endpoint.active}
        config.db.commit()
        self._pruning = Pruning()
        self._looked = 0.0
        self._written = time.monotonic()
        self._pause, self._paused_until = _PAUSE_SECONDS, 0.0
        for way in self._ways.values():
            way.courier.start()

    def turn(self, patience: float) -> None:
        """Do what there is to do, or wait for it so many seconds at most."""
        self._take(min(patience, _LOOK_SECONDS))
        for way in self._ways.values():
            way.courier.look()
        if time.monotonic() >= self._paused_until:
            self._keep_books(patience)
        for way in self._ways.values():
            self._give(way)

    def _keep_books(self, patience: float) -> None:
        """Write and read what it is time for; where the database fails, later and later."""
        try:
            if self._is_time_to_write():
                self._write()
            if time.monotonic() - self._looked >= patience:
                self._look()
                self._pause = _PAUSE_SECONDS
        except SQLAlchemyError as error:
            # What is not written down is sent once more; what can't be read now can be read later.
            log.error("mailman-rest-events: the database failed, and is asked again: %s", _reason(error))  # noqa: TRY400
            config.db.abort()
            self._paused_until = time.monotonic() + self._pause
            self._pause = min(2 * self._pause, _LONGEST_PAUSE)

    def stop(self) -> None:
        """End after the requests that are under way, and write down what came of them."""
        for way in self._ways.values():
            way.courier.stop()
        until = time.monotonic() + max((way.endpoint.timeout for way in self._ways.values()), default=0.0) + 1
        for way in self._ways.values():
            while way.courier.is_alive() and time.monotonic() < until:
                way.courier.look()
                way.courier.join(_LOOK_SECONDS)
        while not self._returned.empty():
            self._take(0)
        try:
            self._write()
        except SQLAlchemyError as error:
            log.error("mailman-rest-events: the database failed; some events are sent once more: %s", _reason(error))  # noqa: TRY400
            config.db.abort()

    def _take(self, seconds: float) -> None:
        """Take what has come back, and wait for the first of it."""
        try:
            returned = self._returned.get(timeout=seconds) if seconds else self._returned.get_nowait()
            for _ in range(_BATCH):
                self._answered(returned)
                returned = self._returned.get_nowait()
            self._answered(returned)
        except queue.Empty:
            return

    def _answered(self, returned: Returned) -> None:
        way, item = self._ways[returned.endpoint], returned.parcel.key
        assert isinstance(item, Item), "It was given so."
        at = now()
        taken = returned.answer.verdict is Verdict.TAKEN
        if item.id == way.aside:
            way.aside = None
            way.steps.append(way.line.answered_aside(item, returned.answer, at))
        else:
            way.steps += way.line.answered(item, returned.answer, at)
            if taken:
                way.out.remove(item.id)
        way.changed = True
        if taken:
            way.delivered = at
        else:
            # The courier has left the rest of this round, whatever it was that failed.
            way.out.clear()
            way.aside = None
            way.round += 1
            way.failed = at

    def _is_time_to_write(self) -> bool:
        if not any(way.changed for way in self._ways.values()):
            return False
        steps = sum(len(way.steps) for way in self._ways.values())
        return steps >= _BATCH or time.monotonic() - self._written >= _SECONDS

    def _write(self) -> None:
        changed = [way for way in self._ways.values() if way.changed]
        for way in changed:
            claims.record(way.steps)
            claims.record_course(way.endpoint.name, way.line, delivered=way.delivered, failed=way.failed)
        store().flush()
        config.db.commit()
        for way in changed:
            way.steps, way.changed = [], False
        self._written = time.monotonic()

    def _look(self) -> None:
        """Number what was written down since, and read what there is room for."""
        # What is not written down yet would be read as it was, and sent once more.
        self._write()
        try:
            self._take_crashes()
        except OSError as error:
            log.error("mailman-rest-events: the events of crashes can't be taken: %s", error)  # noqa: TRY400 - it says all
        fresh = claims.waiting(self._ways.keys())
        for name, way in self._ways.items():
            room = _HELD - len(way.line)
            if name in fresh and room > 0:
                claims.number(name, room)
        store().flush()
        config.db.commit()
        for name, way in self._ways.items():
            self._read(name, way)
        self._pruning.when_due()
        config.db.commit()
        self._looked = time.monotonic()

    def _read(self, name: str, way: _Way) -> None:
        row = claims.course(name)
        if (row.stopped, row.due) != (way.line.stopped, way.line.due):
            # An operator has started it again.
            way.line.start_again()
        if way.line.ready(now()) and (left := way.line.ids()[len(way.out) :]):
            way.line.drop(claims.skipped(left))
        if (room := _HELD - len(way.line)) > 0:
            found = claims.claimed(name, way.last, room)
            way.line.add(found)
            way.last = found[-1].sequence if found else way.last
        if way.aside is None and not way.line.failing and not way.line.stopped:
            for item in claims.aside(name, 1):
                way.aside = item.id
                way.courier.give(self._parcel(way, item))

    def _give(self, way: _Way) -> None:
        if not way.line.ready(now()):
            return
        for item in way.line.first(_OUT)[len(way.out) :]:
            way.out.append(item.id)
            way.courier.give(self._parcel(way, item))

    def _parcel(self, way: _Way, item: Item) -> Parcel:
        body = body_of(item.event, item.name, item.data, item.at, item.sequence)
        return Parcel(item, item.event, body, way.round)

    def _take_crashes(self) -> None:
        for found in crashes.kept():
            wanted = writing.names_of(self._endpoints.values(), found.name, found.list_id)
            # A process that died after the commit has left the file.
            if wanted and store().get(Happened, found.uid) is None:
                writing.put(found.uid, found.name, found.list_id, found.data, at=found.at, endpoints=wanted)
            config.db.commit()
            found.path.unlink(missing_ok=True)


def _reason(error: SQLAlchemyError) -> object:
    """Not all of an error: it quotes hundreds of rows."""
    return getattr(error, "orig", None) or type(error).__name__
