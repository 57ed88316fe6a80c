"""The events of one endpoint in their order, and what an answer does to them: pure, without database and network.

Two things can be wrong, and they look alike.  The endpoint is at fault when it is not there, is busy, or refuses one event after
the other: all wait then, in their order, and one is tried now and again.  An event is at fault when it is refused again and again
while others are taken: it is put aside, and the others go on.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from mailman_rest_events.outbox.states import State
from mailman_rest_events.sending import schedule
from mailman_rest_events.sending.answers import Verdict

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable

    from mailman_rest_events.sending.answers import Answer

#: So often an event is refused before it is put aside.
_REFUSALS = 3
#: So many events in a row, each refused so often, and the endpoint is at fault.
_IN_A_ROW = 3


@dataclass(frozen=True, slots=True)
class Item:
    """An event on its way.

    :ivar id: Of its row.
    :ivar since: Since when it is to be sent (naive UTC).
    """

    id: int
    event: str
    sequence: int
    name: str
    data: str
    at: dt.datetime
    since: dt.datetime
    attempts: int = 0


@dataclass(frozen=True, slots=True)
class Step:
    """What has become of an event, to be written down."""

    item: Item
    state: State
    due: dt.datetime | None = None
    problem: str = ""


class Line:
    """The events of one endpoint."""

    def __init__(self, *, failures: int = 0, due: dt.datetime | None = None) -> None:
        self._items: deque[Item] = deque()
        self._refused: list[Item] = []  # put aside in a row, with none taken since
        self._refuses_all = False
        self.failures = failures
        self.due = due
        self.stopped = ""
        self.problem = ""

    def __len__(self) -> int:
        return len(self._items)

    @property
    def failing(self) -> bool:
        """Whether the endpoint is at fault."""
        return self.failures > 0

    def add(self, items: Iterable[Item]) -> None:
        """Let events follow, in their order."""
        self._items.extend(items)

    def start_again(self) -> None:
        """Go on at once, as if nothing had failed: an operator says so."""
        self.stopped, self.due, self.failures, self._refuses_all = "", None, 0, False

    def drop(self, ids: Iterable[int]) -> None:
        """Forget events that an operator has skipped."""
        gone = set(ids)
        self._items = deque(item for item in self._items if item.id not in gone)
        self._refused = [item for item in self._refused if item.id not in gone]

    def ids(self) -> list[int]:
        """The rows of all events in it."""
        return [item.id for item in self._items]

    def ready(self, now: dt.datetime) -> bool:
        """Whether something may be sent."""
        return bool(self._items) and not self.stopped and (self.due is None or schedule.is_due(self.due, now))

    def first(self, most: int) -> list[Item]:
        """What is to be sent next, in order: a single one while it is not known whether it is taken."""
        if self.failing or self._items[0].attempts:
            most = 1
        return [self._items[number] for number in range(min(most, len(self._items)))]

    def answered(self, item: Item, answer: Answer, now: dt.datetime) -> list[Step]:
        """Take the answer about the first event; what follows for it, and for others."""
        assert self._items and self._items[0].id == item.id, "One at a time, in their order."  # noqa: PT018
        if answer.verdict is Verdict.TAKEN:
            self._items.popleft()
            self._refused.clear()
            self.failures, self.due, self.problem, self._refuses_all = 0, None, "", False
            return [Step(item, State.DELIVERED)]
        self.problem = answer.problem
        if answer.verdict is Verdict.GONE:
            self.stopped = answer.problem
            return []
        if schedule.is_hopeless(item.since, self.failures, now):
            self._items.popleft()
            self._wait(answer, now)
            return [_parked(item, answer)]
        if answer.verdict is Verdict.AGAIN or self._refuses_all:
            self._wait(answer, now)
            return [Step(item, State.CLAIMED, problem=answer.problem)]
        # Who refuses is there, whatever was before: the event may be at fault.
        tried = replace(item, attempts=item.attempts + 1)
        self._items[0] = tried
        if tried.attempts < _REFUSALS:
            self.due = now + _seconds(answer, tried.attempts)
            return [Step(tried, State.CLAIMED, problem=answer.problem)]
        return self._put_aside(tried, answer, now)

    def answered_aside(self, item: Item, answer: Answer, now: dt.datetime) -> Step:
        """Take the answer about an event that was put aside, which is sent by itself; what follows for it."""
        if answer.verdict is Verdict.TAKEN:
            # So it does not refuse whatever comes.
            self._refused.clear()
            return Step(item, State.DELIVERED)
        if answer.verdict is Verdict.GONE:
            self.stopped = self.problem = answer.problem
            return Step(item, State.ASIDE, now, answer.problem)
        tried = replace(item, attempts=item.attempts + 1)
        if schedule.is_hopeless(item.since, tried.attempts, now):
            return _parked(tried, answer)
        return Step(tried, State.ASIDE, now + _seconds(answer, tried.attempts), answer.problem)

    def _put_aside(self, item: Item, answer: Answer, now: dt.datetime) -> list[Step]:
        self._items.popleft()
        self._refused.append(item)
        self.due = None
        if len(self._refused) < _IN_A_ROW:
            return [Step(item, State.ASIDE, now + _seconds(answer, item.attempts), answer.problem)]
        # It refuses whatever comes: what was put aside goes first, as it stood.
        back = [replace(each, attempts=0) for each in self._refused]
        self._refused.clear()
        self._refuses_all = True
        self._items.extendleft(reversed(back))
        self._wait(answer, now)
        return [Step(each, State.CLAIMED, problem=answer.problem) for each in back]

    def _wait(self, answer: Answer, now: dt.datetime) -> None:
        self.failures += 1
        self.due = now + _seconds(answer, self.failures)


def _parked(item: Item, answer: Answer) -> Step:
    return Step(item, State.PARKED, problem=f"{answer.problem} It could not be delivered in three days.")


def _seconds(answer: Answer, attempts: int) -> timedelta:
    return timedelta(seconds=max(schedule.delay(attempts), answer.retry_after or 0.0))
