"""Which accounts of the website belong to an address; in upper or lower case, as people write it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.auth import get_user_model
from django.db.models import Q

if TYPE_CHECKING:
    from collections.abc import Iterable


def claiming(email: str) -> Any:
    """All accounts that name an address as theirs, whether they have proven it or not."""
    return _accounts(Q(email__iexact=email) | Q(emailaddress__email__iexact=email))


def proven(emails: Iterable[str]) -> Any:
    """The accounts that have proven one of these addresses to be theirs."""
    wanted = Q(pk__in=[])
    for email in emails:
        wanted |= Q(emailaddress__email__iexact=email, emailaddress__verified=True)
    return _accounts(wanted)


def _accounts(wanted: Q) -> Any:
    return get_user_model().objects.filter(wanted).distinct()
