"""Keeping mail of encrypted lists in its queue while the plugin is not healthy, or the list has no key that can be used."""

from __future__ import annotations

import logging

from mailman_pgp.keys import vault
from mailman_pgp.posts.patience import patience
from mailman_pgp.runners.queue import Queued
from mailman_pgp.site import health

log = logging.getLogger("mailman.error")


def must_wait(list_id: str) -> bool:
    """Whether nothing can be opened or signed for an encrypted list now: of its mail nothing is to be lost meanwhile."""
    return not health.current().healthy or vault.waits(list_id)


class Waiting(Queued):
    """A mixin for a queue runner that says, once, why mail waits."""

    _said: frozenset[str] = frozenset()

    def wait(self, list_id: str) -> bool:
        """Say that this message waits; the value that `_dispose` returns."""
        problems = health.current().problems
        if problems:
            patience.forget()
        else:
            with patience.serving(self.switchboard.current):
                pass  # what was under way for it comes to nothing, and others have their turn
        reasons = [f"{problem.sentence} {problem.mend}" for problem in problems] or [
            f"The key of {list_id} was revoked. `mailman pgp list-key rotate {list_id}` gives it another one."
        ]
        for reason in reasons:
            if reason not in self._said:
                self._said |= {reason}
                log.error("Mail of encrypted lists waits: %s", reason)
        return self.put_off()
