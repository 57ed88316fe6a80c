"""What has failed, and where, for a log: without the error's own text, which may hold what somebody wrote."""

from __future__ import annotations

import traceback
from pathlib import Path

from public import public

_FRAMES = 6


@public
def places_of(error: BaseException) -> str:
    """What was raised, and by which lines, the innermost last."""
    frames = traceback.extract_tb(error.__traceback__)[-_FRAMES:]
    return f"{type(error).__name__} was raised at {', '.join(f'{Path(f.filename).name}:{f.lineno}' for f in frames)}"


@public
class FailedError(Exception):
    """An error whose text is such a place, for whoever logs the text of what they catch; raised ``from None``."""

    def __init__(self, error: BaseException) -> None:
        super().__init__(places_of(error))
