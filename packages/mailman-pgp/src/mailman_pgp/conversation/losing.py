"""To leave without the key that counts: as the list protects its members against that."""

from __future__ import annotations

import contextlib
from typing import Any

from mailman.interfaces.errors import MailmanError
from mailman.interfaces.subscriptions import ISubscriptionManager

from mailman_pgp.conversation.commands.membership import member_of


def leave_without_key(mlist: Any, address: str) -> None:
    """Begin a request to leave in the name of somebody who has proved nothing; nothing for who is no member."""
    subscriber = member_of(mlist, address)
    if subscriber is None:
        return
    # What is said to the author is said already, and the same to everybody.
    with contextlib.suppress(MailmanError):
        ISubscriptionManager(mlist).unregister(subscriber)
