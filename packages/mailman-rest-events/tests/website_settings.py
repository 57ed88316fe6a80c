"""The settings of the website, changed for the time of a test."""

from __future__ import annotations

from typing import Any

#: A cache that all processes share.
DATABASE_CACHE = {"default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "mailman_cache"}}


class Settings:
    """The settings of the website; what is set is undone after the test."""

    def __init__(self) -> None:
        self._changed: list[Any] = []

    def __setattr__(self, name: str, value: Any) -> None:
        if name.startswith("_"):
            super().__setattr__(name, value)
            return
        from django.test.utils import override_settings  # noqa: PLC0415 - Django must be ready

        self._changed.append(override_settings(**{name: value}))
        self._changed[-1].enable()

    def undo(self) -> None:
        """The last first."""
        while self._changed:
            self._changed.pop().disable()
