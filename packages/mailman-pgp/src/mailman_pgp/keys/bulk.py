"""Many certificates at once, on one list: the same as `mailman_pgp.keys.registry`, in few statements however many there are.

Whatever is written is written over what was read, or not at all: what another process has changed meanwhile stays, and the
caller, who aborts, says so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from public import public
from sqlalchemy import or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from mailman_pgp.keys.registry import COUNTING, Choice, ChoiceState, RegistryError
from mailman_pgp.keys.upkeep import columns, write
from mailman_pgp.model import tables
from mailman_pgp.model.database import now, store

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from mailman_pgp.openpgp import Certificate

_choice: Any = tables.Choice.__table__
_stored: Any = tables.StoredCertificate.__table__
# PostgreSQL and SQLite take some ten thousand values in a statement, and a row has up to fourteen.
_ROWS = 500


@public
def choices(list_id: str) -> list[Choice]:
    """What is chosen on a list now, by address, whether it counts or not; without the certificates."""
    return _choices(_choice.c.list_id == list_id)


@public
def places(fingerprints: Collection[str]) -> list[Choice]:
    """Where these certificates are chosen now, on whichever list."""
    return [found for part in _parts(sorted(fingerprints)) for found in _choices(_choice.c.fingerprint.in_(part))]


@public
def stored(fingerprints: Collection[str]) -> dict[str, bytes]:
    """Those of these certificates (binary) that are stored, by fingerprint."""
    found: dict[str, bytes] = {}
    for part in _parts(sorted(fingerprints)):
        query = select(_stored.c.fingerprint, _stored.c.data).where(_stored.c.fingerprint.in_(part))
        found.update((fingerprint, data) for fingerprint, data in store().execute(query))
    return found


@public
def served(list_id: str) -> set[str]:
    """The addresses on a list for which a certificate counts that could be used when it was judged last, and still can."""
    query = (
        select(_choice.c.address)
        .join_from(_choice, _stored, _stored.c.fingerprint == _choice.c.fingerprint)
        .where(
            _choice.c.list_id == list_id,
            _choice.c.until.is_(None),
            _choice.c.state.in_(COUNTING),
            _stored.c.usable,
            or_(_stored.c.usable_until.is_(None), _stored.c.usable_until > now()),
        )
    )
    return set(store().scalars(query))


@public
def keep(new: Iterable[Certificate], at: dt.datetime) -> None:
    """Store certificates that were not stored; the caller commits.

    :raises RegistryError: when another process has stored one of them meanwhile.
    """
    rows = [
        {
            "fingerprint": one.fingerprint,
            "version": one.version,
            "algorithm": one.algorithm,
            "created": one.created,
            **columns(one),
            "data": one.data,
            "updated": at,
            "judged": at,
        }
        for one in sorted(new, key=lambda one: one.fingerprint)
    ]
    if not _insert(_stored, rows):
        raise _changed_meanwhile()


@public
def renew(before: Mapping[str, bytes], known: Iterable[Certificate], at: dt.datetime) -> None:
    """Store newer copies of certificates, made of what was stored `before`, by fingerprint; the caller commits.

    :raises RegistryError: when another process has changed one of them meanwhile.
    """
    # In one order, for two imports at once would wait for each other.
    for one in sorted(known, key=lambda one: one.fingerprint):
        if not write(one.fingerprint, before[one.fingerprint], **columns(one), data=one.data, updated=at, judged=at):
            raise _changed_meanwhile()


@public
def choose(list_id: str, chosen: Mapping[str, str], origin: str, at: dt.datetime) -> None:
    """Let certificates count, as approved, for addresses that have none; the caller commits.

    :param chosen: The fingerprint, by the address (in lower case).
    :raises RegistryError: when something is chosen for one of them meanwhile.
    """
    rows = [
        {
            "list_id": list_id,
            "address": address,
            "fingerprint": fingerprint,
            "state": ChoiceState.APPROVED.value,
            "since": at,
            "origin": origin,
        }
        for address, fingerprint in sorted(chosen.items())
    ]
    if not _insert(_choice, rows):
        raise _changed_meanwhile()


@public
def approve(list_id: str, proven: Mapping[str, str], origin: str, at: dt.datetime) -> None:
    """Let what is proven for addresses count as approved; the state of before becomes history.  The caller commits.

    :param proven: The fingerprint, by the address (in lower case).
    :raises RegistryError: when one of them was changed meanwhile.
    """
    closed = 0
    for part in _parts(sorted(proven)):
        statement = (
            update(_choice)
            .where(
                _choice.c.list_id == list_id,
                _choice.c.address.in_(part),
                _choice.c.fingerprint.in_([proven[address] for address in part]),
                _choice.c.state == ChoiceState.PROVEN.value,
                _choice.c.until.is_(None),
            )
            .values(until=at)
        )
        closed += cast("Any", store().execute(statement)).rowcount
    if closed != len(proven):
        raise _changed_meanwhile()
    choose(list_id, proven, origin, at)


def _choices(where: Any) -> list[Choice]:
    row = _choice.c
    query = select(row.list_id, row.address, row.fingerprint, row.state, row.since, row.until, row.origin)
    found = store().execute(query.where(where, row.until.is_(None)).order_by(row.list_id, row.address))
    return [
        Choice(one.list_id, one.address, one.fingerprint, ChoiceState(one.state), one.since, one.until, one.origin)
        for one in found
    ]


def _insert(table: Any, rows: Sequence[Mapping[str, Any]]) -> bool:
    """Insert rows; False when one of them, or one with its unique columns, is there already."""
    session = store()
    session.flush()
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    done = 0
    for part in _parts(rows):
        statement = insert(table).values(list(part)).on_conflict_do_nothing()
        done += cast("Any", session.execute(statement)).rowcount
    return done == len(rows)


def _parts(items: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for start in range(0, len(items), _ROWS):
        yield items[start : start + _ROWS]


def _changed_meanwhile() -> RegistryError:
    return RegistryError(
        "Somebody else has changed one of these keys at the same moment, so nothing was done. Try again."
    )
