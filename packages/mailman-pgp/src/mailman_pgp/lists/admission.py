"""Who decides about those who want to join an encrypted list."""

from __future__ import annotations

from typing import Any

from mailman.interfaces.mailinglist import SubscriptionPolicy

_MODERATED = (SubscriptionPolicy.moderate, SubscriptionPolicy.confirm_then_moderate)


def is_moderated(mlist: Any) -> bool:
    """Whether moderators decide; on other lists everybody joins who proves a key."""
    return mlist.subscription_policy in _MODERATED
