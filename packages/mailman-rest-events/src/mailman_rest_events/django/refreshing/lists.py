"""Lists: whoever keeps something of them is told as if it had happened in Postorius.  HyperKitty looks by itself once an hour only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.apps import apps
from django_mailman3.signals import mailinglist_created, mailinglist_deleted, mailinglist_modified

from mailman_rest_events.django.refreshing import asking

if TYPE_CHECKING:
    from mailman_rest_events.receiving.verifying import Event

#: Core tells nothing of a list that is changed; mailman-pgp does.
MODIFYING = ("ListKeyChangedEvent", "ListSettingsChangedEvent")


def created(event: Event, **_kwargs: Any) -> None:
    """A list is there, unless it is gone again."""
    list_id = asking.text(event, "list_id")
    if asking.mailing_list(list_id) is not None:
        _tell(mailinglist_created, list_id)


def modified(event: Event, **_kwargs: Any) -> None:
    """Something of a list is other than before."""
    list_id = asking.text(event, "list_id")
    if asking.mailing_list(list_id) is not None:
        _tell(mailinglist_modified, list_id)


def deleted(event: Event, **_kwargs: Any) -> None:
    """A list is gone, unless it was made anew; its archive stays."""
    list_id = asking.text(event, "list_id")
    if list_id and asking.mailing_list(list_id) is None:
        _tell(mailinglist_deleted, list_id)


def _tell(signal: Any, list_id: str) -> None:
    """Tell all; raises what one of them has raised."""
    for _, answer in signal.send_robust(sender=_sender(), list_id=list_id):
        if isinstance(answer, Exception):
            raise answer


def _sender() -> Any:
    """The class by which Postorius sends these signals."""
    if not apps.is_installed("postorius"):
        return None
    from postorius.models import List  # noqa: PLC0415 - only where it is installed

    return List
