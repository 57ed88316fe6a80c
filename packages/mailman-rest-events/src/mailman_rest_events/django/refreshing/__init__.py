"""What events refresh in Postorius and HyperKitty, where they are installed.

An event says that something has changed; what is true now is asked of Mailman's REST, since an event may come twice, or after a later
one.  While REST does not answer, the receiver raises, and the event comes again.
"""

from __future__ import annotations

from django.apps import apps

from mailman_rest_events.django.events import signal_for

_MEMBERSHIPS = ("SubscriptionEvent", "UnsubscriptionEvent")


def install() -> None:
    """Let those events refresh what is installed."""
    if not apps.is_installed("django_mailman3"):
        return
    # Imported late: they need the apps of which they keep things fresh.
    from mailman_rest_events.django.refreshing import addresses, domains, lists, subscriptions  # noqa: PLC0415

    receivers = [
        *((name, subscriptions.changed) for name in _MEMBERSHIPS),
        ("AddressVerificationEvent", addresses.verified),
        ("DomainCreatedEvent", domains.created),
        ("DomainDeletedEvent", domains.deleted),
        ("ListCreatedEvent", lists.created),
        ("ListDeletedEvent", lists.deleted),
        *((name, lists.modified) for name in lists.MODIFYING),
    ]
    if apps.is_installed("hyperkitty"):
        from mailman_rest_events.django.refreshing import officers  # noqa: PLC0415 - as above

        receivers += [(name, officers.changed) for name in _MEMBERSHIPS]
    for name, receiver in receivers:
        signal_for(name).connect(receiver)
