"""What an answer does to an event and to those behind it."""

from __future__ import annotations

import datetime as dt
import itertools
from dataclasses import replace

import pytest

from mailman_rest_events.outbox.states import State
from mailman_rest_events.sending import schedule
from mailman_rest_events.sending.answers import Answer, Verdict
from mailman_rest_events.sending.line import Item, Line, Step

NOW = dt.datetime(2026, 1, 1, 12)  # noqa: DTZ001 - naive UTC, as in the database
TAKEN = Answer(Verdict.TAKEN)
AGAIN = Answer(Verdict.AGAIN, "It can't be reached.")
REFUSED = Answer(Verdict.REFUSED, "It answered 500.")
GONE = Answer(Verdict.GONE, "It answered 410.")


def item(number: int, since: dt.datetime = NOW) -> Item:
    return Item(number, f"evt_{number}", number, "ListCreatedEvent", "{}", NOW, since)


@pytest.fixture
def line() -> Line:
    """Nine events."""
    made = Line()
    made.add(item(number) for number in range(1, 10))
    return made


def later(line: Line) -> dt.datetime:
    """When the next attempt may be made."""
    return NOW if line.due is None else line.due


def answer(line: Line, *answers: Answer) -> list[Step]:
    """Let the first event be answered, again and again; the last steps."""
    steps: list[Step] = []
    for one in answers:
        assert line.ready(later(line))
        steps = line.answered(line.first(1)[0], one, later(line))
    return steps


def numbers(line: Line) -> list[int]:
    """What is still to be sent, in order."""
    return [each.id for each in line._items]


def test_taken_in_order(line: Line) -> None:
    """Each that is taken is done, and many are under way at once."""
    assert [each.id for each in line.first(4)] == [1, 2, 3, 4]
    for number in range(1, 10):
        (step,) = answer(line, TAKEN)
        assert (step.item.id, step.state) == (number, State.DELIVERED)
    assert not line.ready(NOW)


def test_endpoint_that_is_not_there(line: Line) -> None:
    """All wait in their order, longer each time, and only one is tried."""
    waits = []
    at = NOW
    for _ in range(12):
        (step,) = line.answered(line.first(1)[0], AGAIN, at)
        assert (step.item.id, step.state, step.problem) == (1, State.CLAIMED, "It can't be reached.")
        assert line.due is not None
        waits.append((line.due - at).total_seconds())
        assert not line.ready(at)
        at = line.due
        assert len(line.first(50)) == 1
    assert waits[0] < 3
    assert all(one < other for one, other in itertools.pairwise(waits[:9]))
    assert max(waits) <= 4 * 3600 * 1.2
    line.answered(line.first(1)[0], TAKEN, at)
    assert (line.failing, line.due, line.problem, len(line.first(50))) == (False, None, "", 8)


def test_poisoned_event(line: Line) -> None:
    """One that is refused again and again is put aside alone, and the rest flows on."""
    (step,) = answer(line, REFUSED, REFUSED, REFUSED)
    assert (step.item.id, step.state) == (1, State.ASIDE)
    assert step.due is not None
    assert step.due > NOW
    assert not line.failing
    for number in range(2, 10):
        (step,) = answer(line, TAKEN)
        assert (step.item.id, step.state) == (number, State.DELIVERED)


def test_endpoint_that_refuses_everything(line: Line) -> None:
    """It is at fault, and no event: they go back to their places, and wait in their order."""
    answer(line, *[REFUSED] * 6)
    assert numbers(line) == [3, 4, 5, 6, 7, 8, 9]
    steps = answer(line, *[REFUSED] * 3)
    assert [(each.item.id, each.state) for each in steps] == [(number, State.CLAIMED) for number in (1, 2, 3)]
    assert numbers(line) == list(range(1, 10))
    assert line.failing
    answer(line, *[REFUSED] * 5)
    assert numbers(line) == list(range(1, 10))
    answer(line, *[TAKEN] * 9)
    assert numbers(line) == []


def test_one_taken_in_between(line: Line) -> None:
    """Poisoned events among good ones do not make the endpoint fail, however many."""
    for _ in range(4):
        answer(line, REFUSED, REFUSED, REFUSED)
        answer(line, TAKEN)
    assert not line.failing


def test_poisoned_event_after_an_outage(line: Line) -> None:
    """It is put aside alone, too: that the endpoint was away before is not the fault of what comes next."""
    answer(line, AGAIN, AGAIN)
    (step,) = answer(line, REFUSED, REFUSED, REFUSED)
    assert (step.item.id, step.state) == (1, State.ASIDE)
    assert numbers(line) == list(range(2, 10))
    answer(line, TAKEN)
    assert not line.failing


def test_poisoned_event_after_a_start(line: Line) -> None:
    """Of an endpoint that refused everything, and was started again by an operator, each event is tried anew."""
    answer(line, *[REFUSED] * 9)
    line.start_again()
    answer(line, AGAIN)
    (step,) = answer(line, REFUSED, REFUSED, REFUSED)
    assert step.state is State.ASIDE


def test_three_days(line: Line) -> None:
    """What could not be delivered in three days is parked; what came later is tried on."""
    line = Line(failures=schedule.LEAST_ATTEMPTS)
    line.add([item(1, NOW - dt.timedelta(days=3, seconds=1)), item(2)])
    (step,) = answer(line, AGAIN)
    assert (step.item.id, step.state) == (1, State.PARKED)
    assert "in three days" in step.problem
    assert numbers(line) == [2]


def test_three_days_without_attempts() -> None:
    """What has waited while nothing was sent is tried as long as all others; that takes two days."""
    line = Line()
    line.add([item(1, NOW - dt.timedelta(days=30))])
    at = NOW
    while line.answered(line.first(1)[0], AGAIN, at)[0].state is not State.PARKED:
        assert line.due is not None
        at = line.due
    assert dt.timedelta(days=1.5) < at - NOW < dt.timedelta(days=3)
    assert numbers(line) == []


def test_clock_that_was_turned_back(line: Line) -> None:
    """Nothing waits until the clock shows again what it has shown before."""
    answer(line, AGAIN)
    assert not line.ready(NOW)
    assert line.ready(NOW - dt.timedelta(days=400))


def test_asked_to_wait(line: Line) -> None:
    """As long as the endpoint asks for, where that is longer than we would."""
    line.answered(line.first(1)[0], Answer(Verdict.AGAIN, "It answered 429.", 600.0), NOW)
    assert line.due == NOW + dt.timedelta(minutes=10)


def test_gone(line: Line) -> None:
    """Nothing more is sent, and nothing is lost."""
    assert answer(line, GONE) == []
    assert (line.stopped, numbers(line)) == ("It answered 410.", list(range(1, 10)))
    assert not line.ready(NOW + dt.timedelta(days=30))


def test_skipped_meanwhile(line: Line) -> None:
    """What an operator has skipped is not sent."""
    line.drop([1, 2, 5])
    assert numbers(line) == [3, 4, 6, 7, 8, 9]


def test_put_aside(line: Line) -> None:
    """It is tried by itself, with growing delays, for three days."""
    step = line.answered_aside(item(1), REFUSED, NOW)
    assert (step.state, step.item.attempts) == (State.ASIDE, 1)
    assert step.due is not None
    assert line.answered_aside(step.item, TAKEN, NOW).state is State.DELIVERED
    old = item(1, NOW - dt.timedelta(days=4))
    assert line.answered_aside(old, AGAIN, NOW).state is State.ASIDE
    tried = replace(old, attempts=schedule.LEAST_ATTEMPTS)
    assert line.answered_aside(tried, AGAIN, NOW).state is State.PARKED


def test_put_aside_and_gone(line: Line) -> None:
    """Whatever is answered by 410, the endpoint gets nothing more."""
    assert line.answered_aside(item(0), GONE, NOW).state is State.ASIDE
    assert line.stopped == "It answered 410."
    assert not line.ready(NOW)


def test_put_aside_and_taken_among_refusals(line: Line) -> None:
    """An endpoint that takes what was put aside does not refuse everything, and what was taken does not come back."""
    (first,) = answer(line, *[REFUSED] * 3)
    answer(line, *[REFUSED] * 3)
    assert line.answered_aside(first.item, TAKEN, NOW).state is State.DELIVERED
    (step,) = answer(line, *[REFUSED] * 3)
    assert (step.item.id, step.state) == (3, State.ASIDE)
    assert numbers(line) == list(range(4, 10))
