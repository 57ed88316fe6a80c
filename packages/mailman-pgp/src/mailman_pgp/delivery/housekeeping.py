"""What deliveries leave behind, removed after its time."""

from __future__ import annotations

import logging
import time

from mailman.config import config
from public import public

from mailman_pgp.delivery import chunks, ledger
from mailman_pgp.site import health

log = logging.getLogger("mailman.error")

_EVERY_SECONDS = 24 * 3600.0
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
        chunks.prune()
    except Exception:  # delivery goes on; tomorrow is another day
        log.exception("Old records of deliveries could not be removed")
        config.db.abort()
