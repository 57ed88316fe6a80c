"""Who is on a list, in one query; core asks several for each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from mailman.interfaces.member import MemberRole
from mailman.model.address import Address
from mailman.model.member import Member
from mailman.model.user import User
from public import public

from mailman_pgp.model.database import store

if TYPE_CHECKING:
    from collections.abc import Collection

# A query names its addresses up to this number; for more it is cheaper to read all of the list.
_NAMED_AT_MOST = 500
_ON_A_LIST = (MemberRole.member, MemberRole.owner, MemberRole.moderator)


@public
def members_among(list_id: str, addresses: Collection[str]) -> set[str]:
    """Those of some addresses (in lower case) that are members of a list."""
    query = _memberships(Address.email).where(Member.list_id == list_id, Member.role == MemberRole.member)
    if len(addresses) <= _NAMED_AT_MOST:
        query = query.where(Address.email.in_(addresses))
    return set(store().scalars(query)).intersection(addresses)


@public
@dataclass(frozen=True, slots=True)
class OnList:
    """Somebody on a list.

    :ivar member: Whether they are a member; else they look after it.
    :ivar verified: Whether they have shown that they read mail at the address.
    """

    member: bool
    verified: bool


@public
def people_on(list_id: str) -> dict[str, OnList]:
    """Members, owners and moderators of a list, by address (in lower case)."""
    verified = Address._verified_on.is_not(None)  # noqa: SLF001 - the column's name in core
    query = _memberships(Address.email, Member.role, verified.label("verified"))
    found: dict[str, OnList] = {}
    for row in store().execute(query.where(Member.list_id == list_id, Member.role.in_(_ON_A_LIST))):
        if row.email not in found or row.role is MemberRole.member:
            found[row.email] = OnList(member=row.role is MemberRole.member, verified=bool(row.verified))
    return found


@public
def is_on(list_id: str, address: str) -> bool:
    """Whether somebody (by their address, in lower case) is a member, owner or moderator of a list."""
    query = _memberships(Member.id).where(Member.list_id == list_id, Member.role.in_(_ON_A_LIST))
    return store().scalar(query.where(Address.email == address).limit(1)) is not None


def _memberships(*columns: Any) -> sa.Select[Any]:
    return (
        sa.select(*columns)
        .select_from(Member)
        .outerjoin(User, Member.user_id == User.id)
        # Core's `IMember.address`: the address, or else the user's preferred one.
        .join(Address, Address.id == sa.func.coalesce(Member.address_id, User._preferred_address_id))  # noqa: SLF001 - the column's name in core
    )
