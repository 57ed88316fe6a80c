"""How long recipients that the mail server refuses for now are tried again.

Core measures this by the clock and discards what is left without a trace.  Here only time counts in which it was really
tried: neither a clock that was set ahead nor a machine that was off ends it early.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from lazr.config import as_timedelta
from mailman.config import config
from public import public

from mailman_pgp.model.database import now

# In the metadata of the queue entry: plain values, as queue files survive upgrades.
_KEY = "pgp_patience"
# So much counts between two attempts at most.  Core's retry runner makes one in a quarter of an hour.
_STEP = timedelta(hours=1)


@public
def attempted(msgdata: dict[str, Any], left: int) -> bool:
    """Note an attempt after which `left` recipients wait; returns whether they may be tried again.

    The time is that of `[mta] delivery_retry_period`, and begins anew when somebody got their copy meanwhile.
    """
    before = msgdata.get(_KEY, {})
    seconds = 0.0
    if before.get("left") == left:
        since = (now() - datetime.fromisoformat(before["at"])).total_seconds()
        seconds = before["seconds"] + min(max(since, 0.0), _STEP.total_seconds())
    _note(msgdata, seconds, left)
    return seconds <= float(as_timedelta(config.mta.delivery_retry_period).total_seconds())


@public
def not_attempted(msgdata: dict[str, Any], left: int) -> None:
    """Note that the mail server could not be reached: that is the site's trouble, and costs no recipient their time."""
    _note(msgdata, msgdata.get(_KEY, {}).get("seconds", 0.0), left)


def _note(msgdata: dict[str, Any], seconds: float, left: int) -> None:
    msgdata[_KEY] = {"seconds": seconds, "left": left, "at": now().isoformat()}
