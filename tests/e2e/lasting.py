"""A cache of Django that forgets nothing by itself: what a website shows anew it was told to."""

from __future__ import annotations

from typing import Any

from django.core.cache.backends.db import DatabaseCache


class LastingCache(DatabaseCache):  # type: ignore[misc]  # Django is untyped
    """The cache in the database, without an end of anything."""

    def get_backend_timeout(self, *_args: Any) -> None:
        """See `BaseCache`."""
        return
