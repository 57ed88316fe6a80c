"""The runner that sends events."""

from __future__ import annotations

import logging
import os
from typing import Any

from mailman.core.runner import Runner
from mailman.interfaces.runner import RunnerInterrupt
from public import public

from mailman_rest_events import site
from mailman_rest_events.runners import alone
from mailman_rest_events.sending.dispatch import Dispatch

log = logging.getLogger("mailman.runner")


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
        descriptor = alone.take()
        if descriptor is None:
            log.error(
                "mailman-rest-events: another process sends events already; this one does nothing. Set `instances: 1`."
            )
            return
        dispatch = Dispatch(site.endpoints())
        try:
            while not self._stop:
                dispatch.turn(self.sleep_float)
        finally:
            dispatch.stop()
            os.close(descriptor)
