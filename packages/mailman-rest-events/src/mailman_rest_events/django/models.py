"""Which events are done."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, ClassVar

from django.db import models
from django.utils import timezone

from mailman_rest_events.receiving.verifying import MAX_DELIVERY

#: Mailman tries for three days; what it sends after a longer time was parked, and is sent again by hand.
_KEPT = timedelta(days=30)
#: With every so many events the old ones are removed.
_PRUNED_EVERY = 100


class Done(models.Model):  # type: ignore[misc]  # Django is untyped
    """An event whose work is done, so that a copy of it is not done again.

    The row is written after the work: a process that dies in between does the work when the event comes again.
    """

    delivery = models.CharField(max_length=MAX_DELIVERY, unique=True)
    at = models.DateTimeField(db_index=True)

    objects: ClassVar[Any]

    class Meta:
        """See Django."""

        verbose_name = "event that is done"
        verbose_name_plural = "events that are done"

    def __str__(self) -> str:
        return str(self.delivery)

    @classmethod
    def has(cls, delivery: str) -> bool:
        """Whether the work of an event is done, by its `delivery`."""
        return bool(cls.objects.filter(delivery=delivery).exists())

    @classmethod
    def add(cls, delivery: str) -> None:
        """Write down that it is; somebody else may have done so at the same time."""
        row, new = cls.objects.get_or_create(delivery=delivery, defaults={"at": timezone.now()})
        if new and row.pk % _PRUNED_EVERY == 0:
            cls.objects.filter(at__lt=timezone.now() - _KEPT).delete()
