"""In whose name REST is asked to do something: it records the address."""

from __future__ import annotations

from typing import Any

from allauth.account.models import EmailAddress


def address_of(user: Any) -> str | None:
    """The address of somebody who acts: one that is proven, the one they have chosen as theirs before others; None without any."""
    proven = EmailAddress.objects.filter(user=user, verified=True).order_by("-primary", "email")
    found: str | None = proven.values_list("email", flat=True).first()
    return found
