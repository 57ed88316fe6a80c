"""When what was not taken is tried again."""

from __future__ import annotations

import email.utils
import random
from datetime import UTC, datetime, timedelta

#: How long an event may wait before it is parked, and after how many attempts at the earliest (they take two days): what has waited
#: while nothing was sent, because an endpoint was off or Mailman down, was not tried yet.
PATIENCE, LEAST_ATTEMPTS = timedelta(days=3), 20
#: The longest time between two attempts.
LONGEST = timedelta(days=1)
_FIRST = 2.0
_GROWTH = 2.5
_LONGEST = 4 * 3600.0
_random = random.SystemRandom()


def delay(attempts: int) -> float:
    """Seconds until the next attempt after so many failed ones: 2, 5, 12 … up to four hours, each up to a fifth longer.

    The fifth is drawn by lot, so that endpoints which went down together do not come back together.
    """
    grown = min(_FIRST * _GROWTH ** min(max(attempts - 1, 0), 30), _LONGEST)
    return grown * (1 + _random.random() / 5)


def is_hopeless(since: datetime, attempts: int, now: datetime) -> bool:
    """Whether what is to be sent since then, and was tried in vain so often, is given up."""
    return now - since > PATIENCE and attempts >= LEAST_ATTEMPTS


def is_due(due: datetime, now: datetime) -> bool:
    """Whether it is time for an attempt; also where it is further away than we ever wait: the clock was turned back then."""
    return not now < due <= now + LONGEST


def asked_delay(retry_after: str, now: datetime) -> float | None:
    """Seconds that a ``Retry-After`` asks for (RFC 9110 §10.2.3), a day at most; None where it asks for nothing sensible."""
    text = retry_after.strip()
    longest = LONGEST.total_seconds()
    if text.isascii() and text.isdigit():
        return min(float(text[:9]), longest)
    try:
        when = email.utils.parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    if when.tzinfo is None:
        when = when.replace(tzinfo=UTC)
    return min(max((when - now).total_seconds(), 0.0), longest)
