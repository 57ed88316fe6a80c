"""Our rows go when the list, member or address they belong to goes.

There are no foreign keys to core's tables, so mapper listeners on core's models do it, in core's own transaction: each
way of deleting in core 3.3.10 (REST, CLI, mail, bounces, the merging of users) ends in ``store.delete(object)``, which
they see.  What they can't see, deletes by SQL or by processes without this plugin, is left to `sweep`.
"""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from mailman.model.address import Address
from mailman.model.mailinglist import MailingList
from mailman.model.member import Member
from mailman.model.user import User
from sqlalchemy import event

from mailman_pgp.keys.registry import ChoiceState
from mailman_pgp.keys.suspensions import last_word
from mailman_pgp.model.database import now, store
from mailman_pgp.model.missed import without
from mailman_pgp.model.tables import (
    Answer,
    ArchiveReader,
    Base,
    Certification,
    Choice,
    Delivery,
    DigestPost,
    Dropped,
    EncryptedList,
    KeyEvent,
    ListEvent,
    ListKey,
    Reminder,
    Seen,
    Skipped,
    StoredCertificate,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Connection

# A certificate may be chosen before its person joins: core keeps a request for 180 days, we wait a little longer.
UNSUBSCRIBED_GRACE_DAYS = 190

_OF_AN_ENCRYPTED_LIST: tuple[type[Base], ...] = (
    ListKey,
    EncryptedList,
    Choice,
    Skipped,
    Dropped,
    Answer,
    Delivery,
    Reminder,
    KeyEvent,
    Certification,
    ArchiveReader,
    DigestPost,
)
# What stays when a list is a plain one again, and goes with the list itself: who did what; and which signatures were accepted, since
# whoever has a post of before may encrypt it to the key that the list gets when it is encrypted once more.
_OF_A_LIST: tuple[type[Base], ...] = (*_OF_AN_ENCRYPTED_LIST, ListEvent, Seen)
_PLACE = "mailman_pgp.place"
_SUSPENDED = sa.and_(Choice.state == ChoiceState.SUSPENDED.value, last_word())

_member: Any = Member.__table__
_user: Any = User.__table__
_address: Any = Address.__table__
_mailing_list: Any = MailingList.__table__

# Core's `IMember.address`: the address, or the preferred address of the user.
_MEMBER_WITH_ADDRESS = _member.outerjoin(_user, _member.c.user_id == _user.c.id).join(
    _address,
    _address.c.id == sa.func.coalesce(_member.c.address_id, _user.c._preferred_address_id),  # noqa: SLF001 - the column's name in core
)


@dataclass(frozen=True, slots=True)
class Swept:
    """What `sweep` has removed: numbers of rows."""

    of_lists: int
    of_addresses: int
    certificates: int


def install() -> None:
    """Listen to core's models; to be called once our tables are there (`mailman_pgp.model.database.TABLES`)."""
    for model, remember, forget in (
        (MailingList, _remember_list, _forget_list),
        (Member, _remember_member, _forget_member),
        (Address, _remember_address, _forget_address),
    ):
        if not event.contains(model, "before_delete", remember):
            event.listen(model, "before_delete", remember)
            event.listen(model, "after_delete", forget)


def forget_encryption(list_id: str) -> int:
    """Remove what an encrypted list has, its secret keys for good; return how many rows there were.  The caller commits.

    Who turned encryption on and off is still asked about, and what was posted must not be posted once more.
    """
    return _forget(list_id, _OF_AN_ENCRYPTED_LIST)


def _forget(list_id: str, tables: Iterable[type[Base]]) -> int:
    session = store()
    session.flush()
    rows = _delete_list(session.connection(), list_id, tables)
    for row in list(session):
        if isinstance(row, Base) and getattr(row, "list_id", None) == list_id:
            session.expunge(row)
    return rows


def sweep(at: dt.datetime | None = None) -> Swept:
    """Remove rows whose list or person is gone without our listeners having seen it; the caller commits.

    Certificates that were chosen for an address which is not subscribed to the list in any role, or no longer, stay for
    `UNSUBSCRIBED_GRACE_DAYS` after they were chosen; what is suspended stays until an owner decides.

    :param at: The present, naive UTC; the time of the call when not given.
    """
    session = store()
    session.flush()
    connection = session.connection()
    gone: set[str] = set()
    for table in _OF_A_LIST:
        list_id = table.__table__.c.list_id
        missing = ~sa.exists().where(_mailing_list.c.list_id == list_id)
        gone.update(connection.scalars(sa.select(list_id).where(missing).distinct()))
    of_lists = sum(_forget(list_id, _OF_A_LIST) for list_id in sorted(gone))
    before = (at or now()) - dt.timedelta(days=UNSUBSCRIBED_GRACE_DAYS)
    of_addresses = _delete(
        connection, Choice, ~_subscribed(Choice.list_id, Choice.address), Choice.since < before, ~_SUSPENDED
    ) + _delete(connection, Skipped, ~_subscribed(Skipped.list_id, Skipped.address), Skipped.last < before)
    # Whoever certified was subscribed, so there is nothing to wait for.
    of_addresses += _delete(connection, Certification, ~_subscribed(Certification.list_id, Certification.address))
    return Swept(of_lists, of_addresses, _forget_certificates(connection, None))


def _remember(target: Any, connection: Connection, statement: sa.Select[Any]) -> None:
    # Read from the database: the attributes of the object may have expired, and its row is about to go.
    sa.inspect(target).info[_PLACE] = connection.execute(statement).first()


def _remembered(target: Any) -> Any:
    return sa.inspect(target).info.pop(_PLACE, None)


def _remember_list(_mapper: Any, connection: Connection, target: Any) -> None:
    (key,) = sa.inspect(target).identity
    _remember(target, connection, sa.select(_mailing_list.c.list_id).where(_mailing_list.c.id == key))


def _forget_list(_mapper: Any, connection: Connection, target: Any) -> None:
    if place := _remembered(target):
        _delete_list(connection, place.list_id, _OF_A_LIST)


def _remember_member(_mapper: Any, connection: Connection, target: Any) -> None:
    (key,) = sa.inspect(target).identity
    columns = sa.select(_member.c.list_id, _address.c.email)
    _remember(target, connection, columns.select_from(_MEMBER_WITH_ADDRESS).where(_member.c.id == key))


def _forget_member(_mapper: Any, connection: Connection, target: Any) -> None:
    place = _remembered(target)
    # Somebody who is no longer a member may still be an owner, with the same certificate.
    if place and not connection.scalar(sa.select(_subscribed(place.list_id, place.email))):
        _forget_address_on(connection, place.email, place.list_id)


def _remember_address(_mapper: Any, connection: Connection, target: Any) -> None:
    (key,) = sa.inspect(target).identity
    _remember(target, connection, sa.select(_address.c.email).where(_address.c.id == key))


def _forget_address(_mapper: Any, connection: Connection, target: Any) -> None:
    if place := _remembered(target):
        _forget_address_on(connection, place.email)


def _delete_list(connection: Connection, list_id: str, tables: Iterable[type[Base]]) -> int:
    if connection.dialect.name == "sqlite":
        # Overwrite the secret keys in the file, too.  On PostgreSQL they are gone with the next vacuum.
        connection.exec_driver_sql("PRAGMA secure_delete = ON")
    fingerprints = _fingerprints(connection, Choice.list_id == list_id)
    rows = sum(_delete(connection, table, table.__table__.c.list_id == list_id) for table in tables)
    _forget_certificates(connection, fingerprints)
    return rows


def _forget_address_on(connection: Connection, email: str, list_id: str | None = None) -> None:
    """Remove the rows of an address, on one list or on all."""

    def where(table: Any, column: Any) -> list[Any]:
        return [column == email, *([] if list_id is None else [table.list_id == list_id])]

    fingerprints = _fingerprints(connection, *where(Choice, Choice.address))
    # A suspension outlasts its person's leaving, and the address in Mailman: else whoever joins anew is rid of it.
    _delete(connection, Choice, *where(Choice, Choice.address), ~_SUSPENDED)
    _delete(connection, Skipped, *where(Skipped, Skipped.address))
    _delete(connection, Dropped, *where(Dropped, Dropped.recipient))
    _delete(connection, Answer, *where(Answer, Answer.address))
    _delete(connection, Reminder, *where(Reminder, Reminder.address))
    _delete(connection, Certification, *where(Certification, Certification.address))
    if list_id is None:
        _forget_missed(connection, email)
        # Who has left is still asked about: what was done with their key may be why.
        _delete(connection, KeyEvent, KeyEvent.address == email)
        _delete(connection, ListEvent, ListEvent.address == email)
    _forget_certificates(connection, fingerprints)


def _forget_missed(connection: Connection, email: str) -> None:
    """Take a person who is erased from what is written of posts; that somebody did not get one stays as a number.

    Who has only left a list stays there: why somebody missed a post is asked after they have left, too.
    """
    of_theirs = sa.select(Delivery.id, Delivery.missed).where(
        Delivery.missed.contains(json.dumps(email), autoescape=True)
    )
    for number, written in connection.execute(of_theirs).all():
        connection.execute(sa.update(Delivery).where(Delivery.id == number).values(missed=without(written, email)))


def _subscribed(list_id: Any, email: Any) -> Any:
    """Whether an address is subscribed to a list, in any role."""
    return (
        sa.exists()
        .select_from(_MEMBER_WITH_ADDRESS)
        .where(_member.c.list_id == list_id, _address.c.email == email)
        .correlate(Choice.__table__, Skipped.__table__, Certification.__table__)
    )


def _fingerprints(connection: Connection, *where: Any) -> set[str]:
    return set(connection.scalars(sa.select(Choice.fingerprint).where(*where)))


def _forget_certificates(connection: Connection, fingerprints: Iterable[str] | None) -> int:
    """Remove those of the certificates (None: of all) that no list has chosen, now or in its history.

    One at which its person is still to be told of a change stays until the next `sweep`.
    """
    named = sa.or_(
        KeyEvent.fingerprint == StoredCertificate.fingerprint, KeyEvent.earlier == StoredCertificate.fingerprint
    )
    unused = ~sa.exists().where(Choice.fingerprint == StoredCertificate.fingerprint) & ~sa.exists().where(
        KeyEvent.tell_at.is_not(None), named
    )
    if fingerprints is None:
        return _delete(connection, StoredCertificate, unused)
    return sum(
        _delete(connection, StoredCertificate, StoredCertificate.fingerprint == fingerprint, unused)
        for fingerprint in fingerprints
    )


def _delete(connection: Connection, table: type[Base], *where: Any) -> int:
    return connection.execute(sa.delete(table).where(*where)).rowcount
