"""What could not be done is logged: without the text of the error, which may hold what somebody sent, or what was decrypted."""

from __future__ import annotations

import logging

from public import public

from mailman_plugin_kit.failures import places_of

log = logging.getLogger("mailman.error")


@public
def log_failure(what: str, error: BaseException) -> None:
    """Write into core's error log what could not be done, and why."""
    log.error("mailman-pgp: %s, as %s", what, places_of(error))
