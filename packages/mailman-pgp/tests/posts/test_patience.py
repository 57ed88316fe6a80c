"""Work that takes longer than a moment is done beside the queue, once, one message after the other."""

from __future__ import annotations

import gc
import threading
import weakref
from typing import TYPE_CHECKING, Any

import pytest

from mailman_pgp.openpgp import Limits, OpeningError, OpeningProblem, WorkshopError
from mailman_pgp.posts.patience import Patience, TakesLongError
from mailman_pgp.sandbox import until

if TYPE_CHECKING:
    from collections.abc import Callable

LIMITS = Limits(seconds=60)
WORK = b"the work"


class Found:
    """What was found in a message."""


class Slow:
    """Work that has time enough beside the queue only, and waits there until it may end."""

    def __init__(self, outcome: Callable[[], Any] = Found) -> None:
        self.given: list[float] = []
        self.may_end = threading.Event()
        self._outcome = outcome

    def __call__(self, limits: Limits) -> Any:
        """Do it."""
        self.given.append(limits.seconds)
        if limits.seconds < LIMITS.seconds:
            raise OpeningError(OpeningProblem.TIMEOUT)
        self.may_end.wait(60)
        return self._outcome()


def ended() -> Slow:
    """The same, but that it ends as soon as it has time."""
    work = Slow()
    work.may_end.set()
    return work


def ask(patience: Patience, message: str, *works: Slow) -> list[Any]:
    """Come with a message, for which all of this is to be done, one after the other."""
    with patience.serving(message):
        return [patience.have(b"%d" % number, work, LIMITS) for number, work in enumerate(works)]


def takes_long(patience: Patience, message: str, *works: Slow) -> None:
    with pytest.raises(TakesLongError):
        ask(patience, message, *works)


def until_waited_for(patience: Patience) -> None:
    until(patience.is_waited_for, "the work beside is done")


def test_what_is_quick_is_done_at_once() -> None:
    """In this thread, and its errors are those of the work; with less time than a moment nothing is put off."""
    patience = Patience(5)
    with patience.serving("a"):
        assert patience.have(WORK, lambda limits: limits.seconds, LIMITS) == 5
        assert patience.have(WORK, lambda limits: limits.seconds, Limits(seconds=3)) == 3
    for problem, limits in ((OpeningProblem.DAMAGED, LIMITS), (OpeningProblem.TIMEOUT, Limits(seconds=3))):
        with pytest.raises(OpeningError) as caught, patience.serving("a"):
            patience.have(WORK, lambda _, problem=problem: (_ for _ in ()).throw(OpeningError(problem)), limits)
        assert caught.value.problem is problem


def test_where_nobody_waits_there_is_all_the_time() -> None:
    """Where no queue is behind the work, it is done at once, within all of its limits."""
    work = ended()
    Patience(0.1).have(WORK, work, LIMITS)
    assert work.given == [60]


def test_what_is_slow_is_done_beside() -> None:
    """It is tried for a moment once, then for all its time once, however often it is asked for."""
    patience, work = Patience(0.1), Slow(lambda: "done")
    for _ in range(3):
        takes_long(patience, "a", work)
    work.may_end.set()
    until_waited_for(patience)
    assert ask(patience, "a", work) == ["done"]
    assert work.given == [0.1, 60]


def test_errors_beside_are_those_of_the_work() -> None:
    """Whoever asks again gets them, without the frames in which the content was."""

    def fail() -> None:
        content = b"The kestrel flies at noon"
        try:
            {}[content]
        except KeyError:
            raise OpeningError(OpeningProblem.TIMEOUT) from None

    patience, work = Patience(0.1), Slow(fail)
    work.may_end.set()
    takes_long(patience, "a", work)
    until_waited_for(patience)
    with pytest.raises(OpeningError) as caught:
        ask(patience, "a", work)
    assert caught.value.problem is OpeningProblem.TIMEOUT
    assert caught.value.__context__ is None
    assert not any("content" in entry.frame.f_locals for entry in caught.traceback)


def test_one_after_the_other() -> None:
    """Another slow one waits, and is not tried for a moment again; a quick one is done meanwhile."""
    patience, first, second = Patience(0.1), Slow(lambda: "first"), Slow(lambda: "second")
    takes_long(patience, "a", first)
    takes_long(patience, "b", second)
    takes_long(patience, "b", second)
    assert second.given == [0.1]
    with patience.serving("c"):
        assert patience.have(WORK, lambda _: "quick", LIMITS) == "quick"
    second.may_end.set()
    first.may_end.set()
    until_waited_for(patience)
    assert ask(patience, "a", first) == ["first"]
    takes_long(patience, "b", second)
    until_waited_for(patience)
    assert ask(patience, "b", second) == ["second"]
    assert (first.given, second.given) == ([0.1, 60], [0.1, 60])


def test_two_works_for_one_message() -> None:
    """What was done first is there when the second is: a stranger's post is opened a second time."""
    patience, first, second, other = Patience(0.1), ended(), ended(), ended()
    takes_long(patience, "a", first, second)
    until_waited_for(patience)
    takes_long(patience, "b", other)
    takes_long(patience, "a", first, second)
    until_waited_for(patience)
    assert len(ask(patience, "a", first, second)) == 2
    assert (first.given, second.given) == ([0.1, 60], [60])


def test_only_what_is_worth_it_is_looked_at() -> None:
    """While something is under way all slow ones are left alone; then it is the one that is done, and then the next."""
    patience, first, second = Patience(0.1), Slow(), Slow()
    queue = ["a", "b", "c"]
    assert patience.worth_a_look(queue) == queue
    takes_long(patience, "a", first)
    takes_long(patience, "c", second)
    assert patience.worth_a_look(queue) == ["b"]
    first.may_end.set()
    until_waited_for(patience)
    assert patience.worth_a_look(queue) == ["a", "b"]
    ask(patience, "a", first)
    assert patience.worth_a_look(["b", "c"]) == ["b", "c"]


def test_nothing_is_kept_of_what_is_gone() -> None:
    """What was found is there until its message was served, has gone out of the queue, or all is to be forgotten."""
    for end in (
        lambda patience, work: ask(patience, "a", work) and None,
        lambda patience, _work: patience.worth_a_look(["b"]),
        lambda patience, _work: patience.forget(),
    ):
        found: list[weakref.ref[Found]] = []

        def find(found: list[weakref.ref[Found]] = found) -> Found:
            one = Found()
            found.append(weakref.ref(one))
            return one

        patience, work = Patience(0.1), Slow(find)
        work.may_end.set()
        takes_long(patience, "a", work)
        until_waited_for(patience)
        gc.collect()
        assert found[0]() is not None
        end(patience, work)
        gc.collect()
        assert found[0]() is None
        assert not patience.is_waited_for()
        assert patience.worth_a_look(["a"]) == ["a"]


def test_message_that_is_gone_while_it_is_opened() -> None:
    """The next one has its turn when the work has ended, and not beside it: there is memory for one."""
    patience, first, second = Patience(0.1), Slow(), ended()
    takes_long(patience, "a", first)
    takes_long(patience, "b", second)
    assert patience.worth_a_look(["b"]) == []
    takes_long(patience, "b", second)
    assert second.given == [0.1]
    first.may_end.set()
    until_waited_for(patience)
    assert patience.worth_a_look(["b"]) == ["b"]
    takes_long(patience, "b", second)
    until_waited_for(patience)
    assert len(ask(patience, "b", second)) == 1


def test_flood_of_slow_ones() -> None:
    """The more of them wait, the shorter is the moment of the next one, down to a second; when they are gone it is as before."""
    patience, works = Patience(5), [Slow() for _ in range(20)]
    for number, work in enumerate(works):
        takes_long(patience, str(number), work)
    moments = [work.given[0] for work in works]
    assert moments == [5, 2.5, 1.25, *[1] * 17]
    works[0].may_end.set()
    until_waited_for(patience)
    patience.worth_a_look([])
    late = Slow()
    takes_long(patience, "late", late)
    assert late.given[0] == 5


def test_no_room_for_a_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is the machine's fault, so the message is kept; and the next one has its turn."""

    def no_room(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    patience, work = Patience(0.1), ended()
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", no_room)
        with pytest.raises(WorkshopError, match="no room"):
            ask(patience, "a", work)
    takes_long(patience, "b", work)
    until_waited_for(patience)
    assert len(ask(patience, "b", work)) == 1
