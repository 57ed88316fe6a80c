"""Who did what about which certificate, when, and by which door: kept for the questions that come afterwards.

`mailman_pgp.keys.registry` says what counts and has counted; here is who made it so, and what else was done: compared, proved
once more, updated.  Rows stay when a member leaves, and go with the list, with the address, and after `KEPT`.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, delete, func, select

from mailman_pgp.model.database import now, store
from mailman_pgp.model.tables import KeyEvent

if TYPE_CHECKING:
    import datetime as dt

#: How long an event is kept.
KEPT = timedelta(days=3 * 365)


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


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does something: at which door, and by which address; an empty one is whoever may use that door."""

    door: Door
    by: str = ""


@dataclass(frozen=True, slots=True)
class Event:
    """What was done, at a time (naive UTC)."""

    list_id: str
    address: str
    fingerprint: str
    act: Act
    at: dt.datetime
    door: Door
    by: str
    earlier: str


def write(list_id: str, address: str, fingerprint: str, act: Act, actor: Actor, *, earlier: str = "") -> None:
    """Record it; the caller commits."""
    store().add(
        KeyEvent(
            list_id=list_id,
            address=address.lower(),
            fingerprint=fingerprint,
            act=act.value,
            at=now(),
            door=actor.door.value,
            by=actor.by.lower(),
            earlier=earlier,
        )
    )


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


def prune() -> None:
    """Remove what is older than `KEPT`; the caller commits."""
    store().execute(delete(KeyEvent).where(KeyEvent.at < now() - KEPT))


def _about(list_id: str, address: str | None) -> tuple[ColumnElement[bool], ...]:
    of_list = KeyEvent.list_id == list_id
    return (of_list,) if address is None else (of_list, KeyEvent.address == address.lower())


def _event(row: KeyEvent) -> Event:
    return Event(row.list_id, row.address, row.fingerprint, Act(row.act), row.at, Door(row.door), row.by, row.earlier)
