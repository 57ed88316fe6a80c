"""What takes long to open is opened beside the queue, so that the mail of others goes on meanwhile.

A runner works on one message at a time.  So a message has a moment at first.  What takes longer is begun anew in a thread, by a worker
of its own, for all the time that the site allows, one message after the other; until there is a verdict it goes back into its queue
each time it comes, still encrypted.  Nothing of this is written down: after a restart it begins again.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from concurrent.futures import Future
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from public import public

from mailman_pgp import openpgp
from mailman_pgp.openpgp import OpeningError, OpeningProblem

if TYPE_CHECKING:
    from collections.abc import Callable

    from mailman_pgp.openpgp import Limits

#: Usual mail takes some hundredths of this.
MOMENT_SECONDS = 5.0
# Finished, and not asked for yet: each may hold the content of a message.
_MOST_FINISHED = 4
_MOST_KNOWN = 1000

T = TypeVar("T")


@public
class TakesLongError(Exception):
    """There is no verdict yet; let others go first, and ask again."""


@public
class Patience:
    """The one place beside the queue, for one process.

    :param moment: How long a message may take before it is taken aside, in seconds.
    """

    def __init__(self, moment: float = MOMENT_SECONDS) -> None:
        self._moment = moment
        self._lock = threading.Lock()
        self._under_way = b""
        self._finished: OrderedDict[bytes, Future[Any]] = OrderedDict()
        self._slow: OrderedDict[bytes, None] = OrderedDict()

    def have(self, name: bytes, work: Callable[[Limits], T], limits: Limits) -> T:
        """Do some work, which must touch neither database nor message object of core's.

        :param name: Of this work, whenever it is asked for.
        :param work: Does it within the limits that it is given.
        :param limits: Those that the work has in the end.
        :raises TakesLongError: when it takes longer than a moment, until it is done.
        """
        with self._lock:
            done = self._finished.pop(name, None)
            slow = name in self._slow
            if done is not None:
                self._slow.pop(name, None)
        if done is not None:
            return done.result()  # type: ignore[no-any-return]  # or what the work raised
        if not slow:
            try:
                return work(replace(limits, seconds=min(limits.seconds, self._moment)))
            except OpeningError as error:
                if error.problem is not OpeningProblem.TIMEOUT or limits.seconds <= self._moment:
                    raise
        with self._lock:
            self._slow[name] = None
            while len(self._slow) > _MOST_KNOWN:
                self._slow.popitem(last=False)
            if not self._under_way:
                self._under_way = name
                threading.Thread(target=self._aside, args=(name, work, limits), daemon=True).start()
        raise TakesLongError

    def _aside(self, name: bytes, work: Callable[[Limits], Any], limits: Limits) -> None:
        done: Future[Any] = Future()
        try:
            with openpgp.beside():
                done.set_result(work(limits))
        except BaseException as error:  # noqa: BLE001 - whoever asks for the result gets it
            done.set_exception(error)
        with self._lock:
            self._under_way = b""
            self._finished[name] = done
            while len(self._finished) > _MOST_FINISHED:
                self._finished.popitem(last=False)


_default = Patience()


@public
def patiently(name: bytes, work: Callable[[Limits], T], limits: Limits) -> T:
    """Do some work as `Patience.have` does, with the patience of this process."""
    return _default.have(name, work, limits)
