"""The runner that sends events."""

from __future__ import annotations

import logging
import os
import time
from typing import Any

from mailman.core.runner import Runner
from mailman.interfaces.runner import RunnerInterrupt
from public import public

from mailman_rest_events import site
from mailman_rest_events.runners import alone
from mailman_rest_events.sending.dispatch import Dispatch

log = logging.getLogger("mailman.runner")

_IDLE_SECONDS = 1.0


@public
class EventsRunner(Runner):  # type: ignore[misc]  # core is untyped
    """Takes events out of the outbox and has them sent.  There is one of it, whatever `instances` says."""

    is_queue_runner = False

    def signal_handler(self, signum: int, frame: Any) -> None:
        """See `IRunner`.  Core raises wherever the runner is, in the midst of a transaction too; here the loop looks."""
        try:
            super().signal_handler(signum, frame)
        except RunnerInterrupt:
            return

    def run(self) -> None:
        """See `IRunner`."""
        try:
            endpoints = site.endpoints()
        except site.NotStartedError as error:
            self._do_nothing(str(error))
            return
        descriptor = self._take_turn()
        if descriptor is None:
            return
        dispatch = Dispatch(endpoints)
        try:
            while not self._stop:
                dispatch.turn(self.sleep_float)
        finally:
            dispatch.stop()
            os.close(descriptor)

    def _take_turn(self) -> int | None:
        """Wait until no other process sends, and return the lock's descriptor; None where it is told to stop before."""
        descriptor = alone.take()
        if descriptor is None:
            log.error(
                "mailman-rest-events: another process sends events already, and this one does when that has ended. Set `instances: 1` "
                "in [runner.events]; or it is a runner that was left of an earlier Mailman."
            )
        while descriptor is None and not self._stop:
            descriptor = alone.take()
        return descriptor

    def _do_nothing(self, why: str) -> None:
        """Wait for the end.  Core's master would start a runner that ends again and again, and none at a restart by then."""
        log.error("mailman-rest-events sends nothing: %s", why)
        while not self._stop:
            time.sleep(_IDLE_SECONDS)
