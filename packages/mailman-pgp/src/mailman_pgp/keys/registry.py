"""Which certificate counts for an address on a list.

A certificate is stored once, whoever uses it; that it counts is decided for each list and address apart, so that nothing
proved or approved on one list changes anything on another.  What counted before is kept as history.

Nobody is asked here: whoever calls `add` has checked the certificate (`mailman_pgp.openpgp.require_usable`) and that the
change is allowed.  Only statements are used, no mapped objects, and the caller commits.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import select, update

from mailman_pgp import openpgp
from mailman_pgp.i18n import _
from mailman_pgp.keys.upkeep import keep
from mailman_pgp.model import tables
from mailman_pgp.model.database import insert_once, now, store

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Collection

    from sqlalchemy import Row, Select

__all__ = [
    "COUNTING",
    "Choice",
    "ChoiceState",
    "RegistryError",
    "StoredCertificate",
    "add",
    "addresses_at",
    "addresses_of",
    "change_state",
    "chosen",
    "current",
    "everywhere",
    "for_addresses",
    "for_list",
    "held",
    "history",
    "remove",
    "signers",
]

# A query names its addresses up to this number; for more it is cheaper to read all of the list.
_NAMED_AT_MOST = 500


class RegistryError(Exception):
    """A choice can't be changed; the text says what to do."""


class ChoiceState(enum.StrEnum):
    """What is known about a choice; the last two only stand in its history.

    One that was suspended stays so in its history, whatever came after it: see `mailman_pgp.keys.suspensions`.
    """

    PROVEN = "proven"  # its person holds the key and reads mail at the address
    APPROVED = "approved"  # by a moderator
    SUSPENDED = "suspended"  # by a moderator, until further notice
    REPLACED = "replaced"  # by another certificate
    REMOVED = "removed"


#: The states in which a choice counts: it authenticates posts, and posts are encrypted to it.
COUNTING = frozenset({ChoiceState.PROVEN, ChoiceState.APPROVED})


@dataclass(frozen=True, slots=True)
class Choice:
    """That a certificate was chosen for an address on a list; `until` is None for the one of now."""

    list_id: str
    address: str
    fingerprint: str
    state: ChoiceState
    since: dt.datetime
    until: dt.datetime | None
    origin: str

    @property
    def counts(self) -> bool:
        """Whether it counts now."""
        return self.until is None and self.state in COUNTING


@dataclass(frozen=True, slots=True)
class StoredCertificate:
    """A certificate with the choice that names it, and its usability as computed last; `data` is binary."""

    choice: Choice
    data: bytes
    version: int
    algorithm: str
    created: dt.datetime
    expires: dt.datetime | None
    revoked: bool
    usability: openpgp.Usability
    updated: dt.datetime

    @property
    def fingerprint(self) -> str:
        """The fingerprint, upper-case hex."""
        return self.choice.fingerprint


def add(
    list_id: str,
    address: str,
    certificate: openpgp.Certificate,
    *,
    origin: str,
    state: ChoiceState = ChoiceState.APPROVED,
) -> Choice:
    """Let `certificate` be the one of `address` on a list.

    Of a certificate that is stored already this is an update: what is new in it is merged.  Another certificate of the
    address becomes history.

    :raises RegistryError: when the choice was changed by another process at the same moment.
    :raises mailman_pgp.openpgp.OpenPGPError: when it can't be merged with what is stored.
    """
    address = address.lower()
    at = now()
    keep(certificate, at)
    before = _now(list_id, address)
    if before is not None:
        if (before.fingerprint, before.state) == (certificate.fingerprint, state):
            return before
        _close(before, before.state if before.fingerprint == certificate.fingerprint else ChoiceState.REPLACED, at)
    choice = Choice(list_id, address, certificate.fingerprint, state, at, None, origin)
    _open(choice)
    return choice


def change_state(list_id: str, address: str, state: ChoiceState, *, origin: str) -> Choice:
    """Approve, suspend or otherwise change what counts for `address` on a list; the state of before becomes history.

    :raises RegistryError: when there is no certificate, or it was changed at the same moment.
    """
    before = _now(list_id, address.lower())
    if before is None:
        raise RegistryError(f"There is no certificate of {address} on {list_id}. Add one first.")
    if before.state is state:
        return before
    at = now()
    _close(before, before.state, at)
    choice = Choice(list_id, before.address, before.fingerprint, state, at, None, origin)
    _open(choice)
    return choice


def remove(list_id: str, address: str) -> Choice | None:
    """Let no certificate count for `address` on a list; return what was chosen until now, None when nothing was.

    :raises RegistryError: when it was changed at the same moment.
    """
    before = _now(list_id, address.lower())
    if before is not None:
        _close(before, ChoiceState.REMOVED, now())
    return before


def chosen(list_id: str, address: str) -> StoredCertificate | None:
    """The certificate that is chosen for `address` on a list, whether it counts or not."""
    return next(iter(_stored(*_place(list_id, address))), None)


def held(list_id: str, address: str) -> StoredCertificate | None:
    """The same, for who is about to change it: until the transaction ends no other process does."""
    # A write, which changes nothing: it locks the row on PostgreSQL, the database on SQLite.
    store().execute(
        update(tables.Choice).where(*_place(list_id, address), tables.Choice.until.is_(None)).values(until=None)
    )
    return chosen(list_id, address)


def current(list_id: str, address: str) -> StoredCertificate | None:
    """The certificate that counts for `address` on a list, usable or not."""
    return next((found for found in _stored(*_place(list_id, address)) if found.choice.counts), None)


def for_list(list_id: str) -> list[StoredCertificate]:
    """What is chosen on a list now, by address; also what does not count (yet), see `Choice.counts`."""
    return _stored(tables.Choice.list_id == list_id)


def for_addresses(list_id: str, addresses: Collection[str]) -> list[StoredCertificate]:
    """What is chosen for some addresses (in lower case) on a list now, by address; also what does not count (yet)."""
    wanted = set(addresses)
    if len(wanted) > _NAMED_AT_MOST:
        return [found for found in for_list(list_id) if found.choice.address in wanted]
    return _stored(tables.Choice.list_id == list_id, tables.Choice.address.in_(wanted))


def addresses_at(list_id: str) -> list[str]:
    """For whom something is chosen on a list now, sorted."""
    row = tables.Choice
    return list(
        store().scalars(select(row.address).where(row.list_id == list_id, row.until.is_(None)).order_by(row.address))
    )


def everywhere(fingerprint: str) -> list[StoredCertificate]:
    """A certificate at each place where it is chosen now, on whichever list.  What is true there is told there alone."""
    return _stored(tables.Choice.fingerprint == fingerprint)


def history(list_id: str, address: str) -> list[Choice]:
    """Everything that was ever chosen for `address` on a list, the latest first."""
    query = _choices().where(*_place(list_id, address)).order_by(tables.Choice.id.desc())
    return [_choice(row) for row in store().execute(query)]


def signers(list_id: str, address: str) -> list[bytes]:
    """The certificates (binary) whose signature says that `address` wrote a post to a list."""
    found = current(list_id, address)
    return [] if found is None else [found.data]


def addresses_of(list_id: str, fingerprint: str) -> list[str]:
    """Whose certificate this is on a list now, whether it counts or not; the addresses, sorted."""
    row = tables.Choice
    query = select(row.address).where(row.list_id == list_id, row.fingerprint == fingerprint, row.until.is_(None))
    return sorted(store().scalars(query))


def _place(list_id: str, address: str) -> tuple[Any, Any]:
    return tables.Choice.list_id == list_id, tables.Choice.address == address.lower()


def _choices() -> Select[Any]:
    row = tables.Choice
    return select(row.list_id, row.address, row.fingerprint, row.state, row.since, row.until, row.origin)


def _choice(row: Row[Any]) -> Choice:
    return Choice(row.list_id, row.address, row.fingerprint, ChoiceState(row.state), row.since, row.until, row.origin)


def _now(list_id: str, address: str) -> Choice | None:
    row = store().execute(_choices().where(*_place(list_id, address), tables.Choice.until.is_(None))).first()
    return None if row is None else _choice(row)


def _close(choice: Choice, state: ChoiceState, at: dt.datetime) -> None:
    if choice.state is ChoiceState.SUSPENDED:
        state = choice.state
    row = tables.Choice
    just_this = (row.fingerprint == choice.fingerprint, row.state == choice.state.value, row.until.is_(None))
    closed = store().execute(
        update(row)
        .where(*_place(choice.list_id, choice.address), *just_this)
        .values(until=at, state=state.value)
        .execution_options(synchronize_session=False)
    )
    if cast("Any", closed).rowcount != 1:
        raise _changed_meanwhile(choice)


def _open(choice: Choice) -> None:
    if not insert_once(
        tables.Choice,
        list_id=choice.list_id,
        address=choice.address,
        fingerprint=choice.fingerprint,
        state=choice.state.value,
        since=choice.since,
        origin=choice.origin,
    ):
        raise _changed_meanwhile(choice)


def _changed_meanwhile(choice: Choice) -> RegistryError:
    return RegistryError(
        _(
            "The certificate of {address} on {list} was changed by somebody else at the same moment. Look at it, and try "
            "again."
        ).format(address=choice.address, list=choice.list_id)
    )


def _stored(*where: Any) -> list[StoredCertificate]:
    stored = tables.StoredCertificate
    query = (
        _choices()
        .add_columns(
            stored.data,
            stored.version,
            stored.algorithm,
            stored.created,
            stored.expires,
            stored.revoked,
            stored.usable,
            stored.problem,
            stored.usable_until,
            stored.seipd,
            stored.recipients,
            stored.updated,
        )
        .join(stored, stored.fingerprint == tables.Choice.fingerprint)
        .where(*where, tables.Choice.until.is_(None))
        .order_by(tables.Choice.address)
    )
    return [
        StoredCertificate(
            choice=_choice(row),
            data=row.data,
            version=row.version,
            algorithm=row.algorithm,
            created=row.created,
            expires=row.expires,
            revoked=row.revoked,
            usability=openpgp.Usability(
                usable=row.usable,
                problem=None if row.problem is None else openpgp.CertificateProblem(row.problem),
                until=row.usable_until,
                seipd=row.seipd,
                recipients=tuple(row.recipients.split()),
            ),
            updated=row.updated,
        )
        for row in store().execute(query)
    ]
