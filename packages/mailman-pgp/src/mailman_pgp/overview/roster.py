"""Everybody on a list whose key is of concern: members, owners and moderators, with what the list knows of their keys.

A page is found by the database and costs a few queries, however many people there are.  Whether something can be encrypted to them is
asked for those on the page alone, as delivery asks it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from mailman.interfaces.member import DeliveryMode, DeliveryStatus, MemberRole
from mailman.model.address import Address
from mailman.model.member import Member
from public import public
from sqlalchemy import func, select

from mailman_pgp.delivery.memberships import memberships
from mailman_pgp.model.database import among, store
from mailman_pgp.overview.in_short import InShort, in_short
from mailman_pgp.overview.states import ROLES, STAFF, State, addresses_in, addresses_of, makes_digests

if TYPE_CHECKING:
    from collections.abc import Collection
    from typing import Any

    from sqlalchemy import Select


@public
class Delivery(StrEnum):
    """What a member gets of posts."""

    REGULAR = "regular"
    DIGEST = "digest"
    OFF = "off"


@public
@dataclass(frozen=True, slots=True)
class Person:
    """Somebody on a list.

    :ivar name: Core's display name; empty for none.
    :ivar roles: In the order of `ROLES`.
    :ivar delivery: None for who is no member.
    :ivar reason: Why they get nothing that they should get, as `mailman_pgp.overview.reasons.unserved` has it.
    """

    address: str
    name: str
    roles: tuple[MemberRole, ...]
    delivery: Delivery | None
    certificate: InShort | None
    reason: str | None

    @property
    def gets_posts(self) -> bool:
        """Whether the next post is sent to them, by itself or in a digest."""
        return self.delivery in {Delivery.REGULAR, Delivery.DIGEST} and self.reason is None

    @property
    def problem(self) -> str | None:
        """Why nothing can be encrypted to them."""
        return "no-certificate" if self.certificate is None else self.certificate.problem


@public
class Roster:
    """Those on a list who fit, by address.

    :param find: A part of an address or a name, in whichever case.
    """

    def __init__(self, list_id: str, find: str | None = None, state: State | None = None) -> None:
        self._list_id = list_id
        self._query = addresses_of(list_id, find) if state is None else addresses_in(list_id, find, state)

    def total(self) -> int:
        """How many there are."""
        return int(store().scalar(select(func.count()).select_from(self._query.subquery())) or 0)

    def page(self, start: int, count: int) -> list[Person]:
        """Some of them, from the one with the number `start` on, which begins at 0."""
        query = self._query.order_by(self._query.selected_columns[0])
        addresses = list(store().scalars(query.limit(count).offset(start)))
        certificates = in_short([self._list_id], addresses) if addresses else {}
        roles = standing([self._list_id], addresses)
        digests = makes_digests(self._list_id)
        return [
            person(found, certificates.get((self._list_id, address)), digests=digests)
            for address in addresses
            if (found := roles.get((self._list_id, address))) is not None
        ]


@public
@dataclass(slots=True)
class Standing:
    """How somebody is on a list."""

    address: str
    name: str = ""
    roles: frozenset[MemberRole] = frozenset()
    delivery: Delivery | None = None

    @property
    def role_names(self) -> list[str]:
        """Core's names of the roles, in the order of `ROLES`."""
        return [role.name for role in ROLES if role in self.roles]


@public
def standing(list_ids: Collection[str] | Select[Any], addresses: Collection[str]) -> dict[tuple[str, str], Standing]:
    """How some people (addresses in lower case) are on some lists, by list-id and address; in one query.

    :param list_ids: The lists, or a query of them.
    """
    joined = memberships()
    query = joined.select(
        Member.list_id,
        Address.email,
        Member.role,
        joined.mode.label("mode"),
        joined.status.label("status"),
        joined.name,
    ).where(Member.list_id.in_(list_ids), Member.role.in_(ROLES), among(Address.email, addresses))
    found: dict[tuple[str, str], Standing] = {}
    for list_id, address, role, mode, status, name in store().execute(query.order_by(Member.id)):
        one = found.setdefault((list_id, address), Standing(address))
        one.name = one.name or name
        one.roles |= {role}
        if role is MemberRole.member:
            one.delivery = _more(one.delivery, _delivery(mode, status))
    return found


def _delivery(mode: DeliveryMode, status: DeliveryStatus) -> Delivery:
    if status is not DeliveryStatus.enabled:
        return Delivery.OFF
    return Delivery.REGULAR if mode is DeliveryMode.regular else Delivery.DIGEST


def _more(one: Delivery | None, other: Delivery) -> Delivery:
    """What somebody gets who is subscribed twice: as `mailman_pgp.delivery.recipients`."""
    order = [Delivery.REGULAR, Delivery.DIGEST, Delivery.OFF]
    return other if one is None else min(one, other, key=order.index)


@public
def person(found: Standing, certificate: InShort | None, *, digests: bool) -> Person:
    """Somebody with what is chosen for them.

    :param digests: Whether the list makes digests.
    """
    problem = "no-certificate" if certificate is None else certificate.problem
    if found.delivery is Delivery.DIGEST and not digests:
        reason: str | None = State.DIGEST_MODE.value
    elif found.delivery in {Delivery.REGULAR, Delivery.DIGEST} or found.roles.intersection(STAFF):
        reason = problem
    else:
        reason = None
    roles = tuple(role for role in ROLES if role in found.roles)
    return Person(found.address, found.name, roles, found.delivery, certificate, reason)
