"""The application, as Django finds it by ``mailman_rest_events.django`` in `INSTALLED_APPS`; in any place there."""

from __future__ import annotations

from django.apps import AppConfig


class MailmanEventsConfig(AppConfig):  # type: ignore[misc]  # Django is untyped
    """See `AppConfig`."""

    name = "mailman_rest_events.django"
    label = "mailman_events"
    verbose_name = "Mailman events"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """See `AppConfig`."""
        from mailman_rest_events.django import checks, refreshing  # noqa: PLC0415 - the apps must be loaded

        checks.install()
        refreshing.install()
