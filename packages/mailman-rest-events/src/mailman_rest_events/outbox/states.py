"""What may become of an event on its way to an endpoint."""

from __future__ import annotations

from enum import StrEnum


class State(StrEnum):
    """The state of a delivery."""

    WAITING = "waiting"  # written down, and not numbered yet
    CLAIMED = "claimed"  # numbered; it is sent in this order
    ASIDE = "aside"  # refused again and again while others are taken: tried by itself, out of the order
    DELIVERED = "delivered"
    PARKED = "parked"  # not tried any more until somebody replays it
    SKIPPED = "skipped"  # by an operator's word
