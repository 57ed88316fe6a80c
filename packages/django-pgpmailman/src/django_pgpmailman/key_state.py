"""How the key of a list is, for people."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from django_pgpmailman.words import State, moment

if TYPE_CHECKING:
    from collections.abc import Mapping

_SOON = dt.timedelta(days=60)  # as the doctor warns

# Keys that are lost are in the site's backup, where no page gets.
_NONE = State(
    "danger", _("no key"), _("Nobody can post. The site's operator asks `mailman-pgp check`, which says what to do.")
)
_GOOD = State("success", _("good"))
_EXPIRED, _EXPIRES = ("danger", _("expired")), ("warning", _("expires soon"))
_REVOKED = ("danger", _("revoked"))


def for_owners(key: Mapping[str, Any] | None, list_id: str = "") -> State:
    """How a key is (as REST has it), for those who can let it live longer; with the way to where they can, by the list-id."""
    link = reverse("pgpmailman:list_key", args=[list_id]) if list_id else ""
    expired, expires = _("Nobody can post until you let the key live longer."), _("Let the key live longer.")
    revoked = _("Nobody can post, and all mail waits, until you give the list another key.")
    return _state(key, expired, expires, revoked, link)


def for_others(key: Mapping[str, Any] | None) -> State:
    """The same, for everybody else."""
    expired = _("Nobody can post. Write to the owners of the list: they can let the key live longer.")
    return _state(
        key, expired, "", _("Nobody can post, and all mail waits, until the owners give the list another key.")
    )


def _state(key: Mapping[str, Any] | None, expired: Any, expires: Any, revoked: Any, link: str = "") -> State:
    if key is None:
        return _NONE
    if key["revoked"]:
        return State(*_REVOKED, revoked, link)
    end = moment(key["expires"])
    if end is None or end - timezone.now() >= _SOON:
        return _GOOD
    return State(*_EXPIRED, expired, link) if end <= timezone.now() else State(*_EXPIRES, expires, link)
