"""Who looks after a list, and who is on it."""

from __future__ import annotations

from typing import Any

from mailman.interfaces.member import DeliveryStatus
from public import public


@public
def addresses(mlist: Any) -> set[str]:
    """The addresses, in lower case, of the owners and moderators who take mail."""
    return {admin.address.email for admin in _all(mlist) if admin.delivery_status == DeliveryStatus.enabled}


@public
def addresses_beside(mlist: Any, member: Any) -> set[str]:
    """Those of all owners and moderators, without one membership of them; an address may have two.

    :param member: Core's.
    """
    return {admin.address.email for admin in _all(mlist) if admin.member_id != member.member_id}


@public
def looks_after(mlist: Any, address: str) -> bool:
    """Whether somebody with this address is an owner or a moderator, by the address or as a user who prefers it.

    Core's own roster of them knows only the former.
    """
    return address.lower() in {admin.address.email for admin in _all(mlist)}


@public
def is_on(mlist: Any, address: str) -> bool:
    """Whether somebody with this address is a member, or looks after the list."""
    return mlist.members.get_member(address) is not None or looks_after(mlist, address)


def _all(mlist: Any) -> list[Any]:
    """Without users who prefer no address any more: core can't say how they are reached, and fails over them."""
    return [admin for admin in mlist.administrators.members if admin.address is not None]
