"""Keeping mail of encrypted lists in its queue while the plugin is not healthy."""

from __future__ import annotations

import logging

from mailman_pgp.posts.patience import patience
from mailman_pgp.runners.queue import Queued
from mailman_pgp.site import health

log = logging.getLogger("mailman.error")


class Waiting(Queued):
    """A mixin for a queue runner that says, once, why mail waits."""

    _said = False

    def wait(self) -> bool:
        """Say that this message waits; the value that `_dispose` returns."""
        patience.forget()
        if not self._said:
            self._said = True
            for problem in health.current().problems:
                log.error("Mail of encrypted lists waits: %s %s", problem.sentence, problem.mend)
        return self.put_off()
