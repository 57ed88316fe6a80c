"""The application, as Django finds it by ``django_pgpmailman`` in `INSTALLED_APPS`; before `postorius` there."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PGPMailmanConfig(AppConfig):  # type: ignore[misc]  # Django is untyped
    """See `AppConfig`."""

    name = "django_pgpmailman"
    label = "pgpmailman"
    verbose_name = _("Encrypted lists")

    def ready(self) -> None:
        """See `AppConfig`."""
        from django_pgpmailman import checks, knowledge  # noqa: PLC0415 - the apps must be loaded

        checks.install()
        knowledge.install()
