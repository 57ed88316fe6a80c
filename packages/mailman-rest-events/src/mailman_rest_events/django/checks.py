"""What `manage.py check` says of events."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.core.cache import caches
from django.core.cache.backends.locmem import LocMemCache
from django.core.checks import CheckMessage, Error, register
from django.core.checks import Warning as Caution
from django.urls import NoReverseMatch, reverse

from mailman_rest_events.django.configuration import ConfigurationError, load


def install() -> None:
    """Let Django call the checks."""
    for check in (secret, cache, address):
        register(check, "mailman_events")


def secret(**_kwargs: Any) -> list[CheckMessage]:
    """There is something by which to know Mailman's events."""
    try:
        load()
    except ConfigurationError as error:
        return [Error(str(error), id="mailman_events.E001")]
    return []


def cache(**_kwargs: Any) -> list[CheckMessage]:
    """What an event lets one process forget, all forget."""
    if not apps.is_installed("django_mailman3") or not isinstance(caches["default"], LocMemCache):
        return []
    return [
        Caution(
            "Each process of this website has a cache of its own, so an event refreshes only one of them: others go on showing "
            "for a minute, for example, the private archive of a list that somebody has left.",
            hint=(
                "Write into the settings a cache that all share, such as CACHES = {'default': {'BACKEND': "
                "'django.core.cache.backends.db.DatabaseCache', 'LOCATION': 'mailman_cache'}}, and run "
                "`createcachetable` once."
            ),
            id="mailman_events.W001",
        )
    ]


def address(**_kwargs: Any) -> list[CheckMessage]:
    """There is an address to which events can be sent."""
    try:
        reverse("mailman_events:receive")
    except NoReverseMatch:
        return [
            Caution(
                "This website has no address for Mailman's events.",
                hint=(
                    "Add to the urlpatterns of the ROOT_URLCONF: "
                    'path("mailman-events/", include("mailman_rest_events.django.urls")).'
                ),
                id="mailman_events.W002",
            )
        ]
    return []
