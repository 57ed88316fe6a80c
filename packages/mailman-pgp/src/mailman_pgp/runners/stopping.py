"""Ending a queue runner without harm to the message that it is working on."""

from __future__ import annotations

from typing import Any

from mailman.interfaces.runner import RunnerInterrupt


class Stopping:
    """A mixin for a queue runner: a signal ends its sleep at once, and its work after the message under way.

    Core raises `RunnerInterrupt` wherever the runner is.  That is meant for its sleep.  In the midst of a message core's
    loop takes it for a failure of that message: a post that was interrupted by a restart of Mailman would lie in the shunt
    queue, or even in `bad`, until somebody finds it.
    """

    _sleeping = False
    _stop: bool

    def signal_handler(self, signum: int, frame: Any) -> None:
        """See `IRunner`."""
        try:
            super().signal_handler(signum, frame)  # type: ignore[misc]  # a mixin before core's Runner
        except RunnerInterrupt:
            if self._sleeping:
                raise

    def _snooze(self, filecnt: int) -> None:
        """See `Runner`."""
        # In this order: a signal that comes before the first line is seen by the second.
        self._sleeping = True
        try:
            if not self._stop:
                super()._snooze(filecnt)  # type: ignore[misc]  # a mixin before core's Runner
        finally:
            self._sleeping = False
