"""Memberships with the preferences in force, as a query; core runs five for each."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import sqlalchemy as sa
from mailman.core.constants import system_preferences
from mailman.model.address import Address
from mailman.model.member import Member
from mailman.model.preferences import Preferences
from mailman.model.user import User
from sqlalchemy.orm import aliased


@dataclass(frozen=True, slots=True)
class Memberships:
    """What can be asked of a membership: columns.

    :ivar mode: Core's `DeliveryMode` in force: the first that is set of the member's, the address's, the user's, and core's defaults.
    :ivar status: Core's `DeliveryStatus` in force.
    :ivar own: Whether they want their own posts.
    :ivar name: Core's `IMember.display_name`, empty for none.
    """

    mode: Any
    status: Any
    own: Any
    name: Any
    _bare: Any
    _joined: Any

    def select(self, *columns: Any) -> sa.Select[Any]:
        """Choose columns of `Member` and `Address`, and of these; a row for each membership whose address is known."""
        return sa.select(*columns).select_from(self._joined)

    def select_bare(self, *columns: Any) -> sa.Select[Any]:
        """The same of `Member` and `Address` alone, which takes less time."""
        return sa.select(*columns).select_from(self._bare)


@cache
def memberships() -> Memberships:
    """The one query of memberships; made once, since the library works out what a statement is each time that it is new."""
    subscriber, user = aliased(User), aliased(User)
    preferences = [aliased(Preferences) for _ in range(3)]

    def in_force(name: str) -> Any:
        # See `Member._lookup` in core.
        set_ones = [getattr(each, name) for each in preferences]
        default = sa.literal(getattr(system_preferences, name), set_ones[0].type)
        return sa.func.coalesce(*set_ones, default, type_=set_ones[0].type)

    by_address = Member.address_id.is_not(None)
    named = sa.case((by_address, Address.display_name), else_=subscriber.display_name)
    # Core's `IMember.address`: the address, or else the user's preferred one.
    bare = sa.join(Member, subscriber, Member.user_id == subscriber.id, isouter=True).join(
        Address,
        Address.id == sa.func.coalesce(Member.address_id, subscriber._preferred_address_id),  # noqa: SLF001 - the column's name in core
    )
    joined = (
        bare.outerjoin(user, Address.user_id == user.id)
        .outerjoin(preferences[0], Member.preferences_id == preferences[0].id)
        .outerjoin(preferences[1], Address.preferences_id == preferences[1].id)
        .outerjoin(preferences[2], user.preferences_id == preferences[2].id)
    )
    return Memberships(
        mode=in_force("delivery_mode"),
        status=in_force("delivery_status"),
        own=in_force("receive_own_postings"),
        name=sa.func.coalesce(sa.func.nullif(named, ""), user.display_name, ""),
        _bare=bare,
        _joined=joined,
    )
