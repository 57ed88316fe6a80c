"""What has failed, and where, for a log: without the error's own text, which may hold what somebody sent, or what was decrypted."""

from __future__ import annotations

import logging
import traceback
from pathlib import Path

from public import public

log = logging.getLogger("mailman.error")

_FRAMES = 6


@public
def places_of(error: BaseException) -> str:
    """What was raised, and by which lines, the innermost last."""
    frames = traceback.extract_tb(error.__traceback__)[-_FRAMES:]
    return f"{type(error).__name__} was raised at {', '.join(f'{Path(f.filename).name}:{f.lineno}' for f in frames)}"


@public
def log_failure(what: str, error: BaseException) -> None:
    """Write into core's error log what could not be done, and why."""
    log.error("mailman-pgp: %s, as %s", what, places_of(error))
