"""Many encrypted lists at a glance: their keys, how many get nothing, what waits; in a few queries for all of them together.

Where `mailman_pgp.overview.survey` asks delivery about each person, here the database counts, by the judgements of certificates as
they were stored last: those are made anew each month at least, and in time where a certificate ends.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from mailman.interfaces.member import DeliveryMode, MemberRole
from mailman.model.mailinglist import MailingList
from mailman.model.member import Member
from public import public

from mailman_pgp.delivery.recipients import numbers_of_recipients, to_receive
from mailman_pgp.keys import journal, vault
from mailman_pgp.keys.registry import COUNTING
from mailman_pgp.model.database import now, store
from mailman_pgp.model.tables import Choice, EncryptedList, StoredCertificate
from mailman_pgp.overview.survey import KeyState
from mailman_pgp.overview.waits import Waits, waiting_at

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence


_choice: Any = Choice.__table__
_stored: Any = StoredCertificate.__table__
_lists_of_core: Any = MailingList.__table__
_COLUMNS = EncryptedList.list_id, EncryptedList.enabled_at, MailingList.list_name, MailingList.mail_host


@public
@dataclass(frozen=True, slots=True)
class Glance:
    """One encrypted list; see `mailman_pgp.overview.survey.Survey` for what has the same name there."""

    list_id: str
    address: str
    enabled_at: dt.datetime
    key: KeyState | None
    members: int
    receiving: int
    getting_nothing: int
    untold: int
    waits: Waits

    @property
    def attention(self) -> bool:
        """Whether somebody gets nothing."""
        return bool(self.getting_nothing) or self.key is None or not self.key.works


@public
def total() -> int:
    """How many encrypted lists there are."""
    return int(store().scalar(_lists(sa.func.count())) or 0)


@public
def glance(*, limit: int, offset: int) -> list[Glance]:
    """Look at encrypted lists, by list-id, without the first `offset` ones."""
    return _glances(_lists(*_COLUMNS).order_by(EncryptedList.list_id).limit(limit).offset(offset))


@public
def at(list_id: str) -> Glance:
    """Look at one, which must be encrypted."""
    return _glances(_lists(*_COLUMNS).where(EncryptedList.list_id == list_id))[0]


def _glances(query: sa.Select[Any]) -> list[Glance]:
    rows = store().execute(query).all()
    list_ids = [row.list_id for row in rows]
    keys, waits = _keys(list_ids), waiting_at(list_ids)
    members, receiving, served = _members(list_ids), numbers_of_recipients(list_ids), _served(list_ids)
    untold = journal.untold_at(list_ids)
    found = []
    for row in rows:
        key, number = keys.get(row.list_id), receiving.get(row.list_id, 0)
        works = key is not None and key.works
        found.append(
            Glance(
                list_id=row.list_id,
                address=f"{row.list_name}@{row.mail_host}",
                enabled_at=row.enabled_at,
                key=key,
                members=members.get(row.list_id, 0),
                receiving=number,
                getting_nothing=number - (served.get(row.list_id, 0) if works else 0),
                untold=untold.get(row.list_id, 0),
                waits=waits[row.list_id],
            )
        )
    return found


def _lists(*columns: Any) -> sa.Select[Any]:
    # Core's listeners remove our row with the list; where one was left, there is nothing to see.
    return (
        sa.select(*columns).select_from(EncryptedList).join(MailingList, MailingList._list_id == EncryptedList.list_id)  # noqa: SLF001 - the column's name in core
    )


def _keys(list_ids: Sequence[str]) -> dict[str, KeyState]:
    moment = now()
    return {row.list_id: KeyState.of(row, moment) for row in vault.current_keys(list_ids)}


def _members(list_ids: Sequence[str]) -> dict[str, int]:
    query = sa.select(Member.list_id, sa.func.count()).where(
        Member.list_id.in_(list_ids), Member.role == MemberRole.member
    )
    return _counted(query.group_by(Member.list_id))


def _served(list_ids: Sequence[str]) -> dict[str, int]:
    """How many of them get what they have chosen in one of their memberships, and have a certificate that can be used.

    Single messages are always made, digests where the list makes them.
    """
    every = to_receive(list_ids)
    query = (
        sa.select(every.c.list_id, sa.func.count(sa.distinct(every.c.email)))
        .select_from(every)
        .join(
            _choice,
            sa.and_(
                _choice.c.list_id == every.c.list_id, _choice.c.address == every.c.email, _choice.c.until.is_(None)
            ),
        )
        .join(_lists_of_core, _lists_of_core.c.list_id == every.c.list_id)
        .join(_stored, _stored.c.fingerprint == _choice.c.fingerprint)
        .where(
            sa.or_(every.c.mode == DeliveryMode.regular, _lists_of_core.c.digests_enabled),
            _choice.c.state.in_(COUNTING),
            _stored.c.usable,
            sa.or_(_stored.c.usable_until.is_(None), _stored.c.usable_until > now()),
        )
    )
    return _counted(query.group_by(every.c.list_id))


def _counted(query: sa.Select[Any]) -> dict[str, int]:
    return {list_id: int(number) for list_id, number in store().execute(query)}
