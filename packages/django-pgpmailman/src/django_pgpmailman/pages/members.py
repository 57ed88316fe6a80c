"""Everybody on a list, for its owners: what they get, and which certificate counts for them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from django_pgpmailman.choices import state_of_member, trust_in
from django_pgpmailman.page import Method, Page
from django_pgpmailman.paging import page_of
from django_pgpmailman.roles import Role

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.http import HttpResponse

    from django_pgpmailman.page import Visit
    from django_pgpmailman.words import State

_STATES = {
    "served": _("gets posts"),
    "unserved": _("gets nothing and should"),
    "no-certificate": _("has no certificate"),
    "suspended": _("certificate is suspended"),
    "expired": _("certificate has expired"),
    "revoked": _("certificate is revoked"),
    "unusable": _("certificate can't be used"),
    "expiring": _("certificate ends within 30 days"),
    "digest-mode": _("chose digests"),
    "delivery-off": _("switched delivery off"),
}
_ROLES = {
    "member": pgettext_lazy("encrypted lists", "member"),
    "owner": pgettext_lazy("encrypted lists", "owner"),
    "moderator": pgettext_lazy("encrypted lists", "moderator"),
}
_COUNT = 50  # people on a page
_LONGEST = 100  # characters to look for


@dataclass(frozen=True, slots=True)
class Row:
    """Somebody; as REST has them."""

    person: Mapping[str, Any]

    @property
    def state(self) -> State:
        """What they get."""
        return state_of_member(self.person)

    @property
    def roles(self) -> list[Any]:
        """What they are."""
        return [_ROLES.get(role, role) for role in self.person["roles"]]

    @property
    def trust(self) -> str:
        """Why their certificate counts."""
        return trust_in(self.person["certificate"]["state"]) if self.person["certificate"] else ""


def _show(visit: Visit) -> HttpResponse:
    asked = visit.request.GET
    find, state = asked.get("find", "").replace("\0", "").strip()[:_LONGEST], asked.get("state", "")
    chosen = {"find": find, "state": state if state in _STATES else ""}
    chosen = {name: value for name, value in chosen.items() if value}
    ask = partial(visit.lists.of(visit.names["list_id"]).page_of_members, **chosen)
    entries, page = page_of(visit.request, _COUNT, ask)
    return visit.show(
        "members.html",
        rows=[Row(person) for person in entries],
        page=page,
        chosen=chosen,
        states=_STATES.items(),
    )


PAGE = Page(
    "members",
    "pgp/lists/<list:list_id>/members",
    {"GET": Method("Everybody on a list: what they get, and which certificate counts for them.", Role.OWNER, _show)},
)
