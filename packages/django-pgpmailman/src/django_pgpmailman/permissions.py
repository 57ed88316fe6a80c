"""Who is what: of the website, and of one list.

Postorius answers this by attributes of the user, which hold for the first list that was asked about in a request, and stay for each
other one; and it folds addresses as Unicode does, by which two addresses of ASCII and beyond can be one.  Here the list is part of the
question, and only letters of ASCII are folded, as in core's tables.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from allauth.account.models import EmailAddress

from django_pgpmailman.core import asking
from django_pgpmailman.roles import Role

if TYPE_CHECKING:
    from mailmanclient import Client


def is_at_least(role: Role, user: Any, core: Client, mlist: Any = None) -> bool:
    """Whether a user of the website is something, or more; on the list `mlist` (core's, by its client), where that is a role of lists.

    :raises TroubleError: when Mailman does not answer.
    """
    return found(role, user, core, mlist) is not None


def found(role: Role, user: Any, core: Client, mlist: Any = None) -> Role | None:
    """The same, with what they were found to be: it is `role`, or more; None where they are not.

    :raises TroubleError: when Mailman does not answer.
    """
    if role is Role.EVERYBODY:
        return role
    if not user.is_authenticated or not user.is_active:
        return None
    if user.is_superuser:
        return Role.SITE_ADMIN
    if role is Role.LOGGED_IN:
        return role
    if role is Role.SITE_ADMIN or mlist is None:
        return None
    mine = addresses_of(user)
    with asking():
        for name, held in (("owner", Role.OWNER), ("moderator", Role.MODERATOR)):
            if role <= held and mine & _roster(mlist, name):
                return held
        if role is Role.MEMBER and any(_is_member(core, mlist, address) for address in sorted(mine)):
            return role
    return None


def addresses_of(user: Any) -> frozenset[str]:
    """The addresses that a user of the website has proven to be theirs, folded."""
    found = EmailAddress.objects.filter(user=user, verified=True).values_list("email", flat=True)
    return frozenset(_folded(address) for address in found)


def offices_of(user: Any, mlist: Any) -> list[str]:
    """The addresses of a user that own or moderate a list, in their order.

    :raises TroubleError: when Mailman does not answer.
    """
    with asking():
        return sorted(addresses_of(user) & (_roster(mlist, "owner") | _roster(mlist, "moderator")))


def _folded(address: str) -> str:
    return address.lower() if address.isascii() else address


def _roster(mlist: Any, role: str) -> frozenset[str]:
    return frozenset(_folded(member.email) for member in mlist.get_roster(role, fields=["email"]))


def _is_member(core: Client, mlist: Any, address: str) -> bool:
    """Asked by address: a roster of members may be long."""
    if "*" in address:
        return False  # core would find others by it
    query = urlencode({"list_id": mlist.list_id, "role": "member", "subscriber": address})
    _, answer = core._connection.call(f"members/find?{query}")  # noqa: SLF001 - its own way makes more calls
    return any(_folded(entry["email"]) == address for entry in (answer or {}).get("entries", ()))


def acts_as(user: Any, mlist: Any) -> str | None:
    """The address in whose name somebody does something on a list, as one who looks after it.

    One by which they own it, or else moderate it, and no other of theirs: it is recorded, and told to people of the list.  Of
    administrators of the site who do neither, the first that is proven.

    :raises TroubleError: when Mailman does not answer.
    """
    mine = addresses_of(user)
    with asking():
        for role in ("owner", "moderator"):
            for address in sorted(mine & _roster(mlist, role)):
                return address
    proven = EmailAddress.objects.filter(user=user, verified=True).order_by("-primary", "email")
    found: str | None = proven.values_list("email", flat=True).first() if user.is_superuser else None
    return found
