"""Who of some people is a member, in one query; core asks several for each."""

from __future__ import annotations

from typing import TYPE_CHECKING

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


@public
def members_among(list_id: str, addresses: Collection[str]) -> set[str]:
    """Those of some addresses (in lower case) that are members of a list."""
    query = (
        sa.select(Address.email)
        .select_from(Member)
        .outerjoin(User, Member.user_id == User.id)
        # Core's `IMember.address`: the address, or else the user's preferred one.
        .join(Address, Address.id == sa.func.coalesce(Member.address_id, User._preferred_address_id))  # noqa: SLF001 - the column's name in core
        .where(Member.list_id == list_id, Member.role == MemberRole.member)
    )
    if len(addresses) <= _NAMED_AT_MOST:
        query = query.where(Address.email.in_(addresses))
    return set(store().scalars(query)).intersection(addresses)
