"""What takes long to open is opened beside the queue, so that the mail of others goes on meanwhile.

A runner works on one message at a time.  So a message has a moment at first.  What takes longer waits in the queue as it came, and
has its turn beside it: its work is begun anew in a thread, by a worker of its own, for all the time that the site allows.  One message
has its turn at a time, so memory for two is enough, and what was found in it is kept until the runner has come for it, and no longer.
Nothing of this is written down: after a restart it begins again.
"""

from __future__ import annotations

import contextlib
import threading
from concurrent.futures import Future
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeVar

from public import public

from mailman_pgp import openpgp
from mailman_pgp.openpgp import OpeningError, OpeningProblem, WorkshopError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from mailman_pgp.openpgp import Limits

#: Usual mail takes some hundredths of this.
MOMENT_SECONDS = 5.0
# Each slow message that waits halves the moment of those that come, down to this: a hundred of them hold up others for less than two
# minutes, and not for eight.
_LEAST_SECONDS = 1.0

# The message that is served in this thread.
_message: ContextVar[str | None] = ContextVar("message", default=None)

T = TypeVar("T")


@public
class TakesLongError(Exception):
    """There is no verdict yet; let others go first, and ask again."""


@dataclass(slots=True)
class _Turn:
    """The message that has its turn, the work that is under way for it, and what was done."""

    message: str
    under_way: bytes = b""
    done: dict[bytes, Future[Any]] = field(default_factory=dict)


@public
class Patience:
    """The one place beside the queue, for one process.

    :param moment: How long a message may take before it is taken aside, in seconds.
    """

    def __init__(self, moment: float = MOMENT_SECONDS) -> None:
        self._moment = moment
        self._lock = threading.Lock()
        self._slow: dict[str, None] = {}  # in the order in which they were found to be
        self._turn: _Turn | None = None

    @contextlib.contextmanager
    def serving(self, message: str) -> Iterator[None]:
        """Say for which message all is done from here on; outside of this, work has all its time at once.

        :param message: The same whenever it comes.
        """
        token, comes_again = _message.set(message), False
        try:
            yield
        except TakesLongError:
            comes_again = True
            raise
        finally:
            _message.reset(token)
            if not comes_again:
                self._leave(message)

    def have(self, name: bytes, work: Callable[[Limits], T], limits: Limits) -> T:
        """Do some work for the message that is served; it must touch neither database nor objects that core goes on with.

        :param name: Of this work among those for this message, whenever it is asked for.
        :param work: Does it within the limits that it is given.
        :param limits: Those that the work has in the end.
        :raises TakesLongError: when it takes longer than a moment, until it is done.
        """
        message = _message.get()
        if message is None:
            return work(limits)
        with self._lock:
            slow, turn = message in self._slow, self._turn
            done = turn.done.get(name) if turn is not None and turn.message == message else None
            moment = min(limits.seconds, self._shortened())
        if done is not None:
            return done.result()  # type: ignore[no-any-return]  # or what the work raised
        if not slow:
            try:
                return work(replace(limits, seconds=moment))
            except OpeningError as error:
                if error.problem is not OpeningProblem.TIMEOUT or limits.seconds <= moment:
                    raise
        self._begin(message, name, work, limits)
        raise TakesLongError

    def _shortened(self) -> float:
        return max(self._moment / (1 << min(len(self._slow), 9)), min(self._moment, _LEAST_SECONDS))

    def _begin(self, message: str, name: bytes, work: Callable[[Limits], Any], limits: Limits) -> None:
        """Begin some work when it is the turn of its message."""
        with self._lock:
            self._slow.setdefault(message)
            turn = self._turn = self._turn or _Turn(message)
            if turn.message != message or turn.under_way:
                return
            turn.under_way = name
        try:
            threading.Thread(target=self._aside, args=(turn, name, work, limits), daemon=True).start()
        except RuntimeError:
            with self._lock:
                self._turn = None
            raise WorkshopError("This machine has no room for one more thread; try again later.") from None

    @staticmethod
    def _outcome(work: Callable[[Limits], Any], limits: Limits) -> Future[Any]:
        done: Future[Any] = Future()
        try:
            with openpgp.beside():
                done.set_result(work(limits))
        except BaseException as error:  # noqa: BLE001 - whoever asks for the result gets it
            # Without the frames that it came through: they hold content, and keys.
            error.__context__ = error.__cause__ = None
            done.set_exception(error.with_traceback(None))
        return done

    def _aside(self, turn: _Turn, name: bytes, work: Callable[[Limits], Any], limits: Limits) -> None:
        done = self._outcome(work, limits)
        with self._lock:
            turn.done[name] = done
            turn.under_way = b""

    def worth_a_look(self, messages: Sequence[str]) -> list[str]:
        """Of all messages in the queue, in their order, those of which something new is to be found; the others are to stay there.

        Any other message is forgotten, with what was found in it: it is gone.
        """
        with self._lock:
            there = set(messages)
            self._slow = {message: None for message in self._slow if message in there}
            turn = self._turn
            if turn is not None and not turn.under_way and turn.message not in self._slow:
                turn = self._turn = None
            following = next(iter(self._slow), None) if turn is None else turn.message
            left_alone = self._slow.keys() - ({following} if turn is None or not turn.under_way else ())
            return [message for message in messages if message not in left_alone]

    def is_waited_for(self) -> bool:
        """Whether something was done for the message that has its turn, so that it is to be asked for soon."""
        with self._lock:
            return self._turn is not None and bool(self._turn.done) and not self._turn.under_way

    def forget(self) -> None:
        """Forget all that was found, and who is slow; what is under way comes to nothing."""
        with self._lock:
            self._slow = {}
            if self._turn is not None:
                self._turn.done.clear()
                self._turn = self._turn if self._turn.under_way else None

    def _leave(self, message: str) -> None:
        """A message has been served."""
        with self._lock:
            self._slow.pop(message, None)
            if self._turn is not None and self._turn.message == message and not self._turn.under_way:
                self._turn = None


#: That of this process.
patience = Patience()
