"""Owners and moderators of a list in HyperKitty, which by itself adds new ones and keeps those who are none any more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hyperkitty.models import MailingList

from mailman_rest_events.django.refreshing import asking
from mailman_rest_events.django.refreshing.people import proven

if TYPE_CHECKING:
    from mailman_rest_events.receiving.verifying import Event

_FIELDS = {"owner": "owners", "moderator": "moderators"}


def changed(event: Event, **_kwargs: Any) -> None:
    """Let a list have the owners, or the moderators, that it has in Mailman; one that is deleted has none."""
    role, list_id = asking.text(event, "role"), asking.text(event, "list_id")
    archive = MailingList.objects.filter(list_id=list_id).first()
    if role not in _FIELDS or archive is None:
        return
    mlist = asking.mailing_list(list_id)
    emails = [member.email for member in mlist.get_roster(role)] if mlist else []
    getattr(archive, _FIELDS[role]).set(proven(emails))
