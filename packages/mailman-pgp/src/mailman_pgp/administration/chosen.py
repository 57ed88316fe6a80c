"""The certificates that count on a list, as rows to show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from public import public
from sqlalchemy import select

from mailman_pgp.delivery.lookup import look_up
from mailman_pgp.model.database import store
from mailman_pgp.model.tables import Choice, StoredCertificate

if TYPE_CHECKING:
    import datetime as dt

    from sqlalchemy import Select


@public
@dataclass(frozen=True, slots=True)
class Chosen:
    """A certificate that counts for an address now.

    :ivar data: The certificate, binary.
    :ivar problem: Why nothing can be encrypted to it, as delivery finds it; None when it can be used.
    """

    address: str
    fingerprint: str
    data: bytes
    algorithm: str
    expires: dt.datetime | None
    state: str
    since: dt.datetime
    origin: str
    problem: str | None


@public
@dataclass(frozen=True, slots=True)
class Past:
    """A certificate that counted for an address once."""

    fingerprint: str
    state: str
    since: dt.datetime
    until: dt.datetime


@public
def of_list(list_id: str) -> list[Chosen]:
    """All certificates that count on a list, by address."""
    return _chosen(list_id, _query(list_id).order_by(Choice.address))


@public
def current(list_id: str, address: str) -> Chosen | None:
    """The certificate that counts for an address (in lower case) on a list."""
    found = _chosen(list_id, _query(list_id).where(Choice.address == address))
    return found[0] if found else None


@public
def history(list_id: str, address: str) -> list[Past]:
    """The certificates that counted for an address (in lower case) on a list before, the latest first."""
    query = (
        select(Choice)
        .where(Choice.list_id == list_id, Choice.address == address, Choice.until.is_not(None))
        .order_by(Choice.until.desc(), Choice.id.desc())
    )
    return [
        Past(row.fingerprint, row.state, row.since, row.until)
        for row in store().scalars(query)
        if row.until is not None
    ]


def _query(list_id: str) -> Select[Any]:
    return (
        select(Choice, StoredCertificate)
        .join(StoredCertificate, StoredCertificate.fingerprint == Choice.fingerprint)
        .where(Choice.list_id == list_id, Choice.until.is_(None))
    )


def _chosen(list_id: str, query: Select[Any]) -> list[Chosen]:
    rows = store().execute(query).all()
    problems = look_up(list_id, [choice.address for choice, _ in rows]).problems
    return [
        Chosen(
            address=choice.address,
            fingerprint=choice.fingerprint,
            data=stored.data,
            algorithm=stored.algorithm,
            expires=stored.expires,
            state=choice.state,
            since=choice.since,
            origin=choice.origin,
            problem=problems.get(choice.address),
        )
        for choice, stored in rows
    ]
