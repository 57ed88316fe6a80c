"""Work that takes longer than a moment is done beside the queue, once, one after the other."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from mailman_pgp.openpgp import Limits, OpeningError, OpeningProblem
from mailman_pgp.posts.patience import Patience, TakesLongError
from mailman_pgp.sandbox import until

if TYPE_CHECKING:
    from collections.abc import Callable

LIMITS = Limits(seconds=60)


class Slow:
    """Work that has time enough beside the queue only, and waits there until it may end."""

    def __init__(self, outcome: Callable[[], str]) -> None:
        self.given: list[float] = []
        self.may_end = threading.Event()
        self._outcome = outcome

    def __call__(self, limits: Limits) -> str:
        """Do it."""
        self.given.append(limits.seconds)
        if limits.seconds < LIMITS.seconds:
            raise OpeningError(OpeningProblem.TIMEOUT)
        self.may_end.wait(60)
        return self._outcome()


def asked_until_done(patience: Patience, name: bytes, work: Slow) -> str:
    """Ask as a runner does, each time the message comes."""
    found: list[str] = []

    def ask() -> bool:
        try:
            found.append(patience.have(name, work, LIMITS))
        except TakesLongError:
            return False
        return True

    until(ask, "the work is done")
    return found[0]


def test_what_is_quick_is_done_at_once() -> None:
    """In this thread, and its errors are those of the work; with less time than a moment nothing is put off."""
    assert Patience(5).have(b"a", lambda limits: limits.seconds, LIMITS) == 5
    assert Patience(5).have(b"a", lambda limits: limits.seconds, Limits(seconds=3)) == 3
    for problem, limits in ((OpeningProblem.DAMAGED, LIMITS), (OpeningProblem.TIMEOUT, Limits(seconds=3))):
        with pytest.raises(OpeningError) as caught:
            Patience(5).have(b"a", lambda _, problem=problem: (_ for _ in ()).throw(OpeningError(problem)), limits)
        assert caught.value.problem is problem


def test_what_is_slow_is_done_beside() -> None:
    """It is tried for a moment once, then for all its time once, however often it is asked for."""
    patience, work = Patience(0.1), Slow(lambda: "done")
    for _ in range(3):
        with pytest.raises(TakesLongError):
            patience.have(b"a", work, LIMITS)
    work.may_end.set()
    assert asked_until_done(patience, b"a", work) == "done"
    assert work.given == [0.1, 60]


def test_errors_beside_are_those_of_the_work() -> None:
    """Whoever asks again gets them."""

    def fail() -> str:
        raise OpeningError(OpeningProblem.TIMEOUT)

    patience, work = Patience(0.1), Slow(fail)
    work.may_end.set()
    with pytest.raises(OpeningError) as caught:
        asked_until_done(patience, b"a", work)
    assert caught.value.problem is OpeningProblem.TIMEOUT


def test_one_after_the_other() -> None:
    """Another slow one waits, and is not tried for a moment again; a quick one is done meanwhile."""
    patience, first, second = Patience(0.1), Slow(lambda: "first"), Slow(lambda: "second")
    for name, work in ((b"a", first), (b"b", second), (b"b", second)):
        with pytest.raises(TakesLongError):
            patience.have(name, work, LIMITS)
    assert second.given == [0.1]
    assert patience.have(b"c", lambda _: "quick", LIMITS) == "quick"
    second.may_end.set()
    first.may_end.set()
    assert asked_until_done(patience, b"b", second) == "second"
    assert asked_until_done(patience, b"a", first) == "first"
    assert (first.given, second.given) == ([0.1, 60], [0.1, 60])
