"""Keeping mail of encrypted lists in its queue: while the plugin is not healthy, and while there is no verdict on a message."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from mailman_pgp.posts.patience import patience
from mailman_pgp.site import health

if TYPE_CHECKING:
    from mailman_pgp.runners.queue import Queue

log = logging.getLogger("mailman.error")


class Waiting:
    """A mixin for a queue runner: mail may wait in the queue without the runner spinning.

    Core does not sleep after an iteration that saw files.  With one waiting message that would be a hot loop, so an iteration in
    which messages only waited sleeps.
    """

    switchboard: Queue
    _moved = 0
    _waited = 0
    _said = False

    def wait(self) -> bool:
        """Say that this message waits; the value that `_dispose` returns."""
        patience.forget()
        if not self._said:
            self._said = True
            for problem in health.current().problems:
                log.error("Mail of encrypted lists waits: %s %s", problem.sentence, problem.mend)
        return self.put_off()

    def put_off(self) -> bool:
        """Say that others go before this message; the value that `_dispose` returns."""
        self._waited += 1
        self.switchboard.keep()
        return False

    def _process_one_file(self, msg: Any, msgdata: dict[str, Any]) -> None:
        """See `Runner`."""
        before = self._waited
        super()._process_one_file(msg, msgdata)  # type: ignore[misc]  # a mixin before core's Runner
        if self._waited == before:
            self._moved += 1

    def _snooze(self, filecnt: int) -> None:
        """See `Runner`."""
        only_waited = self._waited and not self._moved and not patience.is_waited_for()
        self._moved = self._waited = 0
        super()._snooze(0 if only_waited else filecnt)  # type: ignore[misc]  # a mixin before core's Runner
