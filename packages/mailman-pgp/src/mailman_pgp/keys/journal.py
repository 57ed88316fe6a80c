"""Who did what about which certificate, when, and by which door: kept for the questions that come afterwards.

`mailman_pgp.keys.registry` says what counts and has counted; here is who made it so, and what else was done: compared, proved
once more, updated.  Rows stay when a member leaves, and go with the list, with the address, and after `KEPT`.

Whoever has subscribed to events is told of it at once (`mailman_pgp.events`).

An event is also the note that people are to be told of it: written in the transaction of the change, and taken up by whoever sends
mail (`take`) when that was committed.
"""

from __future__ import annotations

import enum
import logging
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import ColumnElement, bindparam, delete, func, insert, or_, select, update

from mailman_pgp.events import kinds
from mailman_pgp.events.notifying import notify
from mailman_pgp.model.database import among, now, store
from mailman_pgp.model.tables import KeyEvent

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Collection, Mapping

#: How long an event is kept.
KEPT = timedelta(days=3 * 365)
# How long whoever takes an event has to tell of it; then another process does, since that one may have died.  What can't be told
# waits longer each time, as long as it is old: else those who can be told of it would be told again and again.
_LEASE, _LONGEST = timedelta(minutes=10), timedelta(days=1)
#: How many are told of at once.
AT_ONCE = 100

log = logging.getLogger("mailman.vette")

_row: Any = KeyEvent.__table__


class Door(enum.StrEnum):
    """By which way somebody did it."""

    COMMAND_LINE = "cli"
    REST = "rest"
    MAIL = "mail"
    WORKFLOW = "workflow"  # a moderator's decision about a request, at whichever of core's doors
    SITE = "site"  # what a key says of itself, told somewhere else on this site: where is nobody's business here


class Act(enum.StrEnum):
    """What was done."""

    ADDED = "added"  # a certificate counts where none did
    CHANGED = "changed"  # another one counts
    UPDATED = "updated"  # a newer copy of the same came
    PROVED = "proved"  # its person has shown that they hold the key and read mail at the address
    APPROVED = "approved"
    COMPARED = "compared"  # an owner has compared the fingerprint with the person
    SUSPENDED = "suspended"
    RESUMED = "resumed"
    REMOVED = "removed"
    REVOKED = "revoked"  # by its own key


_KINDS: dict[Act, type[kinds.DoneToKey]] = {
    Act.ADDED: kinds.KeyAddedEvent,
    Act.UPDATED: kinds.KeyUpdatedEvent,
    Act.PROVED: kinds.KeyProvenEvent,
    Act.APPROVED: kinds.KeyApprovedEvent,
    Act.COMPARED: kinds.KeyComparedEvent,
    Act.SUSPENDED: kinds.KeySuspendedEvent,
    Act.RESUMED: kinds.KeyResumedEvent,
    Act.REMOVED: kinds.KeyRemovedEvent,
    Act.REVOKED: kinds.KeyRevokedEvent,
}


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does something: at which door, and by which address; an empty one is whoever may use that door."""

    door: Door
    by: str = ""

    def __str__(self) -> str:
        return f"{self.by} ({self.door})" if self.by else str(self.door)


@dataclass(frozen=True, slots=True)
class Event:
    """What was done, at a time (naive UTC); and whether the owners know of it by a mail that has counted many (`sum_up`)."""

    list_id: str
    address: str
    fingerprint: str
    act: Act
    at: dt.datetime
    door: Door
    by: str
    earlier: str
    summed_up: bool


class Done(NamedTuple):
    """Something that was done about a certificate, whenever."""

    list_id: str
    address: str
    fingerprint: str
    act: Act


def note(whose: str, what: str, actor: Actor) -> None:
    """Say in Mailman's log who did something that is kept nowhere else; `whose` is the list's address."""
    log.info("%s: %s, by %s", whose, what, actor)


def write(
    list_id: str, address: str, fingerprint: str, act: Act, actor: Actor, *, earlier: str = "", to_tell: bool = False
) -> None:
    """Record it, and notify subscribers; the caller commits.

    :param to_tell: Whether people are to be told of it.
    """
    store().add(KeyEvent(**_values(list_id, address, fingerprint, act, actor, earlier=earlier, to_tell=to_tell)))
    notify(_happened(list_id, address.lower(), fingerprint, act, actor, earlier=earlier))


def write_each(
    list_id: str, whose: Mapping[str, str], act: Act, actor: Actor, *, to_tell: Collection[str] = ()
) -> None:
    """Record that the same was done about the certificates of several people, in one statement, and notify subscribers of each.

    The caller commits.

    :param whose: The fingerprint, by the address.
    :param to_tell: The addresses of those about whom people are to be told.
    """
    rows = [
        _values(list_id, address, fingerprint, act, actor, earlier="", to_tell=address in to_tell)
        for address, fingerprint in whose.items()
    ]
    if rows:
        store().execute(insert(_row), rows)
        notify(*(_happened(list_id, row["address"], row["fingerprint"], act, actor, earlier="") for row in rows))


def _values(
    list_id: str, address: str, fingerprint: str, act: Act, actor: Actor, *, earlier: str, to_tell: bool
) -> dict[str, Any]:
    at = now()
    return {
        "list_id": list_id,
        "address": address.lower(),
        "fingerprint": fingerprint,
        "act": act.value,
        "at": at,
        "door": actor.door.value,
        "by": actor.by.lower(),
        "earlier": earlier,
        "tell_at": at if to_tell else None,
    }


def _happened(list_id: str, address: str, fingerprint: str, act: Act, actor: Actor, *, earlier: str) -> object:
    """What subscribers are told of it."""
    if act is Act.CHANGED:
        return kinds.KeyChangedEvent(list_id, address, fingerprint, actor.door.value, earlier)
    return _KINDS[act](list_id, address, fingerprint, actor.door.value)


def of(list_id: str, address: str | None = None, *, limit: int = 1000, offset: int = 0) -> list[Event]:
    """What was done about one address on a list, or about all, the latest first, without the `offset` latest ones."""
    query = select(KeyEvent).where(*_about(list_id, address)).order_by(KeyEvent.id.desc())
    return [_event(row) for row in store().scalars(query.limit(limit).offset(offset))]


def count(list_id: str, address: str | None = None) -> int:
    """How many events `of` has."""
    return int(store().scalar(select(func.count()).select_from(KeyEvent).where(*_about(list_id, address))) or 0)


def compared(list_id: str) -> dict[tuple[str, str], dt.datetime]:
    """When the fingerprint of a certificate of an address was compared last; by address and fingerprint, for a whole list."""
    query = (
        select(KeyEvent.address, KeyEvent.fingerprint, func.max(KeyEvent.at))
        .where(KeyEvent.list_id == list_id, KeyEvent.act == Act.COMPARED.value)
        .group_by(KeyEvent.address, KeyEvent.fingerprint)
    )
    return {(address, fingerprint): at for address, fingerprint, at in store().execute(query)}


def latest(list_ids: Collection[str], addresses: Collection[str], acts: Collection[Act]) -> dict[Done, dt.datetime]:
    """When these were done last about the certificates of some addresses (in lower case) at some lists."""
    done = (KeyEvent.list_id, KeyEvent.address, KeyEvent.fingerprint, KeyEvent.act)
    query = (
        select(*done, func.max(KeyEvent.at))
        .where(
            KeyEvent.list_id.in_(list_ids),
            among(KeyEvent.address, addresses),
            KeyEvent.act.in_([act.value for act in acts]),
        )
        .group_by(*done)
    )
    return {
        Done(list_id, address, fingerprint, Act(act)): at
        for list_id, address, fingerprint, act, at in store().execute(query)
    }


def last(list_id: str, address: str, fingerprint: str, act: Act) -> Event | None:
    """The last time that something was done about one certificate of an address on a list."""
    query = select(KeyEvent).where(
        KeyEvent.list_id == list_id,
        KeyEvent.address == address.lower(),
        KeyEvent.fingerprint == fingerprint,
        KeyEvent.act == act.value,
    )
    row = store().scalars(query.order_by(KeyEvent.id.desc()).limit(1)).first()
    return None if row is None else _event(row)


# By the index, which has only those of which somebody is to be told.  Made once, as it is asked at each turn.
_UNTOLD = (
    select(_row)
    .where(
        _row.c.tell_at.is_not(None),
        # What is put off for longer than ever was written by a clock that was ahead.
        or_(_row.c.tell_at <= bindparam("at"), _row.c.tell_at > bindparam("longest")),
    )
    .order_by(_row.c.tell_at, _row.c.id)
    .limit(bindparam("at_once"))
)


def take(at: dt.datetime) -> dict[int, Event]:
    """Take some of the events of which people are to be told, by number, in the order of these.

    No other process takes them for a while.  The caller commits, tells, and says so (`told`): killed before that, it leaves them
    to be taken again, so people may be told twice of a change, and are told once at least.

    :param at: The present, naive UTC.
    """
    session = store()
    session.flush()
    longest = at + _LONGEST
    rows = session.execute(_UNTOLD, {"at": at, "longest": longest, "at_once": AT_ONCE}).all()
    by_lease: dict[dt.timedelta, list[int]] = {}
    for row in rows:
        by_lease.setdefault(_lease(at - row.at), []).append(row.id)
    mine: set[int] = set()
    for lease, numbers in by_lease.items():
        # What another process has taken meanwhile is put off by it, and so not due any more.
        due = or_(_row.c.tell_at <= at, _row.c.tell_at > longest)
        taking = update(_row).where(_row.c.id.in_(numbers), due).values(tell_at=at + lease).returning(_row.c.id)
        mine.update(session.scalars(taking))
    return {row.id: _event(row) for row in sorted(rows, key=lambda row: row.id) if row.id in mine}


def _lease(age: dt.timedelta) -> dt.timedelta:
    """How long an event of this age is put off; in whole minutes, so that all that was brought at once is taken by one statement."""
    return min(max(_LEASE, timedelta(minutes=age // timedelta(minutes=1))), _LONGEST)


def told(numbers: Collection[int]) -> None:
    """People were told of these events; the caller commits."""
    store().execute(update(_row).where(_row.c.id.in_(numbers)).values(tell_at=None))


def unknown_to_owners(list_id: str) -> int:
    """Of how many events on a list people are still to be told that the owners don't know of either (`sum_up`)."""
    return int(store().scalar(select(func.count()).select_from(_row).where(*_unknown_to_owners(list_id))) or 0)


def sum_up(list_id: str) -> list[Event]:
    """Mark all of these as known to the owners, and return them in the order in which they were written.

    The caller tells the owners, and commits.
    """
    statement = update(_row).where(*_unknown_to_owners(list_id)).values(summed_up=True).returning(_row)
    return [_event(row) for row in sorted(store().execute(statement), key=lambda row: row.id)]


def _unknown_to_owners(list_id: str) -> tuple[ColumnElement[bool], ...]:
    return _row.c.list_id == list_id, _row.c.tell_at.is_not(None), ~_row.c.summed_up


def untold(list_id: str) -> int:
    """Of how many events on a list people are still to be told."""
    return untold_at([list_id]).get(list_id, 0)


def untold_at(list_ids: Collection[str]) -> dict[str, int]:
    """The same for some lists, by list-id; those are left out of which there are none."""
    waiting = select(_row.c.list_id, func.count()).where(_row.c.list_id.in_(list_ids), _row.c.tell_at.is_not(None))
    return {list_id: int(number) for list_id, number in store().execute(waiting.group_by(_row.c.list_id))}


def prune() -> None:
    """Remove what is older than `KEPT`; the caller commits."""
    store().execute(delete(KeyEvent).where(KeyEvent.at < now() - KEPT))


def _about(list_id: str, address: str | None) -> tuple[ColumnElement[bool], ...]:
    of_list = KeyEvent.list_id == list_id
    return (of_list,) if address is None else (of_list, KeyEvent.address == address.lower())


def _event(row: Any) -> Event:
    act, door = Act(row.act), Door(row.door)
    return Event(row.list_id, row.address, row.fingerprint, act, row.at, door, row.by, row.earlier, row.summed_up)
