"""Who gets a post: the members whom core would choose, in one query.

Core runs five queries a member for this (``mlist.regular_members``, the preferences of member, address and user); here
the same rules are joins (`mailman_pgp.delivery.memberships`).  Whether something can be encrypted to them is asked of
`mailman_pgp.delivery.lookup`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from mailman.interfaces.member import DeliveryMode, DeliveryStatus, MemberRole
from mailman.model.address import Address
from mailman.model.member import Member
from public import public

from mailman_pgp.delivery.memberships import memberships
from mailman_pgp.model.database import store

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


@public
@dataclass(frozen=True, slots=True)
class Candidate:
    """A member who is to get a post, if it can be encrypted to them.

    :ivar address: Lower-cased, as core has it.
    :ivar digest: Whether they want digests in place of posts.
    :ivar unsent: Whether they wrote the post and want no copy of their own.
    :ivar plain: Whether they want those as one text, and not as messages.
    """

    address: str
    digest: bool
    unsent: bool = False
    plain: bool = False


@public
def regular_recipients(mlist: Any, *, author: str | None = None) -> list[Candidate]:
    """The members who get a post to `mlist`, by address; core's set, and in addition the members who want digests.

    A member gets it when delivery is enabled; each preference is the first that is set of the member's, the address's,
    the user's, and core's defaults.  Somebody subscribed twice gets it once.

    :param mlist: Core's mailing list.
    :param author: The address that wrote the post, which is `unsent` when they don't want their own posts; None: nobody is.  They are
        not left out: who is missing for one post among those who get nothing would be known to have written it.
    """
    rows = store().execute(of_members().where(Member.list_id == mlist.list_id)).all()
    left_out = None if author is None else _unwanted_by_author(rows, author.lower())
    modes: dict[str, DeliveryMode] = {}
    # All at once: a row looks up each name anew, which takes longer than what is done with it.
    for _, email, _, mode, status, _ in rows:
        if status is DeliveryStatus.enabled and modes.get(email) is not DeliveryMode.regular:
            modes[email] = mode
    return [
        Candidate(
            email,
            digest=mode is not DeliveryMode.regular,
            unsent=email == left_out and mode is DeliveryMode.regular,
            plain=mode is DeliveryMode.plaintext_digests,
        )
        for email, mode in sorted(modes.items())
    ]


@public
def candidate(mlist: Any, address: str) -> Candidate | None:
    """The member with this address (in lower case), when they are to get posts; None when they are not, or are no member."""
    query = of_members().where(Member.list_id == mlist.list_id, Address.email == address)
    modes = {row.mode for row in store().execute(query) if row.status is DeliveryStatus.enabled}
    return Candidate(address, DeliveryMode.regular not in modes) if modes else None


@public
def of_members() -> sa.Select[Any]:
    """One row for each membership of a member, on whichever list, with the preferences in force."""
    joined = memberships()
    return joined.select(
        Member.list_id,
        Address.email,
        Member.address_id,
        joined.mode.label("mode"),
        joined.status.label("status"),
        joined.own.label("own"),
    ).where(Member.role == MemberRole.member)


@public
def to_receive(list_ids: Sequence[str]) -> sa.Subquery:
    """Whoever is to get posts, once for each membership: somebody is subscribed twice, by an address and as a user."""
    every = of_members().where(Member.list_id.in_(list_ids)).subquery()
    return sa.select(every).where(every.c.status == DeliveryStatus.enabled).subquery()


@public
def numbers_of_recipients(list_ids: Sequence[str]) -> dict[str, int]:
    """How many `regular_recipients` lists have, by list-id; the database counts.  Lists without any are missing."""
    every = to_receive(list_ids)
    query = sa.select(every.c.list_id, sa.func.count(sa.distinct(every.c.email))).group_by(every.c.list_id)
    return {list_id: int(number) for list_id, number in store().execute(query)}


def _unwanted_by_author(rows: Iterable[Any], author: str) -> str | None:
    """`author`, when they don't want their own posts.

    Where they are subscribed twice, core asks the membership by address (see `IRoster.get_member`), whatever its
    delivery is.
    """
    mine = [(address_id is None, own) for _, email, address_id, _, _, own in rows if email == author]
    return author if mine and not min(mine, key=lambda one: one[0])[1] else None
