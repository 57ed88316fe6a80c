"""Waiting for a condition, with a deadline."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

# Long enough for a slow and busy machine; whoever waits in vain waits so long.
DEFAULT_SECONDS = 60.0
_INTERVAL_SECONDS = 0.02

T = TypeVar("T")


def until(
    condition: Callable[[], T],
    what: str | Callable[[], str],
    seconds: float = DEFAULT_SECONDS,
    *,
    interval: float = _INTERVAL_SECONDS,
) -> T:
    """What `condition` returns as soon as that is true.

    It is asked for that every `interval` seconds.  Raises TimeoutError that says `what` did not happen; a function is asked
    for it then.
    """
    deadline = time.monotonic() + seconds
    while not (result := condition()):
        if time.monotonic() > deadline:
            missing = what if isinstance(what, str) else what()
            raise TimeoutError(f"After {seconds:g} seconds still not: {missing}.")
        time.sleep(interval)
    return result
