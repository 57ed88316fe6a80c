"""How the key of a list is, for people."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from django_pgpmailman.words import State, moment

if TYPE_CHECKING:
    from collections.abc import Mapping

_SOON = dt.timedelta(days=60)  # as the doctor warns

_NONE = State(
    "danger", _("no key"), _("Nobody can post. The site's operator asks `mailman-pgp check`, which says what to do.")
)
_EXPIRED = State(
    "danger", _("expired"), _("Nobody can post. The site's operator asks `mailman-pgp check`, which says what to do.")
)
_EXPIRES = State(
    "warning", _("expires soon"), _("The site's operator asks `mailman-pgp check`, which says what to do.")
)
_GOOD = State("success", _("good"))


def state_of(key: Mapping[str, Any] | None) -> State:
    """How a key is, as REST has it."""
    if key is None:
        return _NONE
    if key["expired"]:
        return _EXPIRED
    expires = moment(key["expires"])
    return _EXPIRES if expires is not None and expires - timezone.now() < _SOON else _GOOD
