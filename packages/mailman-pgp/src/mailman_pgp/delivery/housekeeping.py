"""What is left behind by deliveries, by posts, and by lists and persons that are gone, removed after its time."""

from __future__ import annotations

import logging
import time
from datetime import timedelta

from mailman.config import config
from public import public

from mailman_pgp.delivery import chunks, ledger
from mailman_pgp.model import cleanup
from mailman_pgp.posts import replay
from mailman_pgp.site import health

log = logging.getLogger("mailman.error")

_EVERY_SECONDS = 24 * 3600.0
# How much longer a signature is remembered than it counts: a clock that was set ahead must not let old posts in again, and
# a post costs one short row.
_SIGNATURES_KEPT = timedelta(days=365)
_due = 0.0


@public
def when_due() -> None:
    """Remove old rows and files, once a day in each process of `out`; costs nothing in between, and never fails."""
    global _due  # noqa: PLW0603 - each process has its own clock
    if time.monotonic() < _due or not health.current().healthy:
        return
    _due = time.monotonic() + _EVERY_SECONDS
    try:
        config.db.commit()  # what core has written for the last message is not ours to lose
        ledger.prune()
        config.db.commit()
        replay.prune(timedelta(days=health.settings().replay_window_days) + _SIGNATURES_KEPT)
        config.db.commit()
        cleanup.sweep()
        config.db.commit()
        chunks.prune()
    except Exception:  # delivery goes on; tomorrow is another day
        log.exception("Old records could not be removed")
        config.db.abort()
