"""Who on a list is in which state, as queries of addresses.

Whether a certificate can be used is read from what was found out last (`mailman_pgp.keys.upkeep`), which says until when it is true: so
what has expired since needs no look to be known.  What has to be looked at again is, some of it at a time.
"""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from mailman.interfaces.member import DeliveryMode, DeliveryStatus, MemberRole
from mailman.model.address import Address
from mailman.model.mailinglist import MailingList
from mailman.model.member import Member
from public import public
from sqlalchemy import ColumnElement, and_, case, false, func, not_, or_, select

from mailman_pgp.delivery.memberships import memberships
from mailman_pgp.keys import upkeep
from mailman_pgp.keys.registry import COUNTING, ChoiceState
from mailman_pgp.keys.reminders import STAGES
from mailman_pgp.model.database import now, store
from mailman_pgp.model.tables import Choice, StoredCertificate
from mailman_pgp.openpgp import CertificateProblem

if TYPE_CHECKING:
    from sqlalchemy import Select

ROLES = (MemberRole.member, MemberRole.owner, MemberRole.moderator)
STAFF = (MemberRole.owner, MemberRole.moderator)
_SOON = dt.timedelta(days=STAGES[0])
# Each takes a millisecond or so; what is left over is taken up by the next look, and by the next post.
_JUDGED_AT_ONCE = 200


@public
class State(StrEnum):
    """By which people can be chosen."""

    SERVED = "served"  # members who get posts
    UNSERVED = "unserved"  # who get nothing although they should; the codes of why are below
    NO_CERTIFICATE = "no-certificate"
    SUSPENDED = "suspended"
    EXPIRED = "expired"
    REVOKED = "revoked"
    UNUSABLE = "unusable"  # what counts for them can't be used, for these reasons or others
    EXPIRING = "expiring"  # can be used, and may end within 30 days
    DIGEST_MODE = "digest-mode"
    OFF = "delivery-off"


def addresses_of(list_id: str, find: str | None = None) -> Select[Any]:
    """The addresses of those on a list who look after it or are members, of whom some text is a part of address or name."""
    if find is None:
        return _of(list_id, memberships().select_bare(Address.email))
    return _people(list_id, find, Address.email)


def addresses_in(list_id: str, find: str | None, state: State) -> Select[Any]:
    """The same of those who are in a state; certificates may be judged again, and the caller commits."""
    _judge_some(list_id)
    joined, member = memberships(), Member.role == MemberRole.member
    enabled = and_(member, joined.status == DeliveryStatus.enabled)
    people = _people(
        list_id,
        find,
        Address.email,
        _any(member).label("member"),
        _any(enabled).label("enabled"),
        _any(and_(enabled, joined.mode == DeliveryMode.regular)).label("regular"),
        _any(Member.role.in_(STAFF)).label("staff"),
    ).subquery()
    # Each by its index: SQLite finds nothing quickly in two tables that are joined first.
    here = and_(Choice.list_id == list_id, Choice.address == people.c.email, Choice.until.is_(None))
    found = people.outerjoin(Choice, here).outerjoin(
        StoredCertificate, StoredCertificate.fingerprint == Choice.fingerprint
    )
    conditions = _conditions(people.c, now(), digests=makes_digests(list_id))
    return select(people.c.email).select_from(found).where(conditions[state])


def makes_digests(list_id: str) -> bool:
    """Whether a list makes digests for those who have chosen them."""
    return bool(store().scalar(select(MailingList.digests_enabled).where(MailingList._list_id == list_id)))  # noqa: SLF001 - the column's name in core


def _people(list_id: str, find: str | None, *columns: Any) -> Select[Any]:
    """A row for each address."""
    joined = memberships()
    query = _of(list_id, joined.select(*columns))
    if find is not None:
        fits = or_(Address.email.icontains(find, autoescape=True), joined.name.icontains(find, autoescape=True))
        query = query.having(_any(fits) == 1)
    return query


def _of(list_id: str, query: Select[Any]) -> Select[Any]:
    return query.where(Member.list_id == list_id, Member.role.in_(ROLES)).group_by(Address.email)


def _any(condition: Any) -> Any:
    """1 where it is so of one of the rows, else 0."""
    return func.max(case((condition, 1), else_=0))


def _conditions(person: Any, at: dt.datetime, *, digests: bool) -> dict[State, ColumnElement[bool]]:
    """What is so in each state, as `mailman_pgp.overview.roster` and `mailman_pgp.delivery.lookup.problem_of` find it of one person."""
    stored = StoredCertificate
    there = stored.fingerprint.is_not(None)
    counts = and_(there, Choice.state.in_([state.value for state in COUNTING]))
    in_time = or_(stored.usable_until.is_(None), stored.usable_until > at)
    usable = and_(counts, stored.usable, in_time)
    digest = and_(person.enabled == 1, person.regular == 0)
    gets = person.enabled == 1 if digests else person.regular == 1
    nothing = false() if digests else digest
    over = and_(stored.usable, not_(in_time))
    return {
        State.SERVED: and_(gets, usable),
        State.UNSERVED: or_(nothing, and_(or_(gets, person.staff == 1), not_(usable))),
        State.NO_CERTIFICATE: not_(there),
        State.SUSPENDED: and_(there, Choice.state == ChoiceState.SUSPENDED.value),
        State.EXPIRED: and_(counts, or_(over, stored.problem == CertificateProblem.EXPIRED.value)),
        State.REVOKED: and_(counts, stored.problem == CertificateProblem.REVOKED.value),
        State.UNUSABLE: and_(counts, not_(usable)),
        State.EXPIRING: and_(usable, stored.usable_until <= at + _SOON),
        State.DIGEST_MODE: digest,
        State.OFF: and_(person.member == 1, person.enabled == 0),
    }


def _judge_some(list_id: str) -> None:
    query = (
        select(StoredCertificate.fingerprint)
        .join(Choice, Choice.fingerprint == StoredCertificate.fingerprint)
        .where(Choice.list_id == list_id, Choice.until.is_(None), upkeep.DUE)
        .limit(_JUDGED_AT_ONCE)
    )
    if due := store().scalars(query, upkeep.due_times(now())).all():
        upkeep.judge_again(due)
