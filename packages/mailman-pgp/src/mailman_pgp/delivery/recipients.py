"""Who gets a post: the members whom core would choose, in one query.

Core runs five queries a member for this (``mlist.regular_members``, the preferences of member, address and user); here
the same rules are joins.  Whether something can be encrypted to them is asked of `mailman_pgp.delivery.lookup`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from mailman.core.constants import system_preferences
from mailman.interfaces.member import DeliveryMode, DeliveryStatus, MemberRole
from mailman.model.address import Address
from mailman.model.member import Member
from mailman.model.preferences import Preferences
from mailman.model.user import User
from public import public
from sqlalchemy.orm import aliased

from mailman_pgp.model.database import store

if TYPE_CHECKING:
    from collections.abc import Iterable


@public
@dataclass(frozen=True, slots=True)
class Candidate:
    """A member who is to get a post, if it can be encrypted to them.

    :ivar address: Lower-cased, as core has it.
    :ivar digest: Whether they want digests in place of posts.
    """

    address: str
    digest: bool


@public
def regular_recipients(mlist: Any, *, author: str | None = None) -> list[Candidate]:
    """The members who get a post to `mlist`, by address; core's set, and in addition the members who want digests.

    A member gets it when delivery is enabled; each preference is the first that is set of the member's, the address's,
    the user's, and core's defaults.  Somebody subscribed twice gets it once.

    :param mlist: Core's mailing list.
    :param author: The address that wrote the post, left out when they don't want their own posts; None leaves out nobody.  Not
        among those who want digests: who is missing there for one post would be known to have written it.
    """
    rows = store().execute(_query(mlist.list_id)).all()
    left_out = None if author is None else _unwanted_by_author(rows, author.lower())
    chosen: dict[str, Any] = {}
    for row in rows:
        if row.status is DeliveryStatus.enabled:
            known = chosen.get(row.email)
            if known is None or known.mode is not DeliveryMode.regular:
                chosen[row.email] = row
    found = [Candidate(email, row.mode is not DeliveryMode.regular) for email, row in sorted(chosen.items())]
    return [candidate for candidate in found if candidate.digest or candidate.address != left_out]


def _query(list_id: str) -> sa.Select[Any]:
    """One row a membership, with the preferences in force."""
    subscriber, user = aliased(User), aliased(User)
    preferences = [aliased(Preferences) for _ in range(3)]

    def in_force(name: str) -> Any:
        # See `Member._lookup` in core.
        set_ones = [getattr(each, name) for each in preferences]
        default = sa.literal(getattr(system_preferences, name), set_ones[0].type)
        return sa.func.coalesce(*set_ones, default, type_=set_ones[0].type)

    return (
        sa.select(
            Address.email,
            Member.address_id,
            in_force("delivery_mode").label("mode"),
            in_force("delivery_status").label("status"),
            in_force("receive_own_postings").label("own"),
        )
        .select_from(Member)
        .outerjoin(subscriber, Member.user_id == subscriber.id)
        # Core's `IMember.address`: the address, or else the user's preferred one.
        .join(Address, Address.id == sa.func.coalesce(Member.address_id, subscriber._preferred_address_id))  # noqa: SLF001 - the column's name in core
        .outerjoin(user, Address.user_id == user.id)
        .outerjoin(preferences[0], Member.preferences_id == preferences[0].id)
        .outerjoin(preferences[1], Address.preferences_id == preferences[1].id)
        .outerjoin(preferences[2], user.preferences_id == preferences[2].id)
        .where(Member.list_id == list_id, Member.role == MemberRole.member)
    )


def _unwanted_by_author(rows: Iterable[Any], author: str) -> str | None:
    """`author`, when they don't want their own posts.

    Where they are subscribed twice, core asks the membership by address (see `IRoster.get_member`), whatever its
    delivery is.
    """
    mine = sorted((row for row in rows if row.email == author), key=lambda row: row.address_id is None)
    return author if mine and not mine[0].own else None
