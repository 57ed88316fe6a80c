"""Whom a post did not reach is told of in few events, however many they are."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from public import public

from mailman_pgp.events.kinds import MemberSkippedEvent
from mailman_pgp.events.notifying import notify

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Up to so many at once are told of one by one.
NAMED_AT_MOST = 20


@public
def notify_of_skipped(list_id: str, reasons: Mapping[str, str]) -> None:
    """Tell of members who get nothing from now on, by their addresses; by their number, where somebody must look at the list."""
    if len(reasons) <= NAMED_AT_MOST:
        events = [MemberSkippedEvent(list_id, reason, 1, address) for address, reason in reasons.items()]
    else:
        events = [
            MemberSkippedEvent(list_id, reason, count, None) for reason, count in Counter(reasons.values()).items()
        ]
    if events:
        notify(*events)
