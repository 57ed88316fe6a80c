"""Addresses that somebody has proven to Mailman: the website learns of them at the next login only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django_mailman3.lib.mailman import get_mailman_user, sync_email_addresses

from mailman_rest_events.django.refreshing import asking
from mailman_rest_events.django.refreshing.people import proven

if TYPE_CHECKING:
    from mailman_rest_events.receiving.verifying import Event


def verified(event: Event, **_kwargs: Any) -> None:
    """Let the account learn of it, which is the one of the user to whom Mailman says the address belongs.

    An account that merely names the address as its own learns nothing.  Nor does any of an address that is not verified any more:
    django-mailman3 would have Mailman verify it again.
    """
    if event.data.get("verified") is not True:
        return
    address = asking.address(asking.text(event, "address"))
    owner = address.user if address else None
    if owner is None:
        return
    for user in proven(other.email for other in owner.addresses):
        mine = get_mailman_user(user)
        if mine is not None and mine.user_id == owner.user_id:
            sync_email_addresses(user)
