"""Of which lists somebody is a member: django-mailman3 remembers it for a minute, and lets people into private archives by it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.cache import cache

from mailman_rest_events.django.refreshing.asking import text
from mailman_rest_events.django.refreshing.people import claiming

if TYPE_CHECKING:
    from mailman_rest_events.receiving.verifying import Event


def changed(event: Event, **_kwargs: Any) -> None:
    """Forget it.

    Not by django-mailman3's signals: their receiver takes upper and lower case for different addresses, and fails where two accounts have one.
    """
    for user in claiming(text(event, "address")):
        cache.delete(f"User:{user.pk}:subscriptions", version=2)
