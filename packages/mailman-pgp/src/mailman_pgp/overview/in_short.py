"""What is chosen for people, without the certificates themselves: for many of them, or at many lists, in a few queries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from public import public
from sqlalchemy import select

from mailman_pgp.delivery.lookup import problem_of
from mailman_pgp.keys import journal, registry, upkeep
from mailman_pgp.keys.journal import Act
from mailman_pgp.model import tables
from mailman_pgp.model.database import among, now, store

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Collection, Mapping, Sequence


@public
@dataclass(frozen=True, slots=True)
class InShort:
    """A certificate that is chosen for an address on a list now, and why nothing is encrypted to it, as delivery finds it.

    :ivar problem: See `mailman_pgp.overview.reasons`; None when it is used.
    :ivar proven: When its person has shown last that they hold it and read mail at the address (naive UTC).
    :ivar compared: When its fingerprint was compared last.
    """

    choice: registry.Choice
    algorithm: str
    created: dt.datetime
    expires: dt.datetime | None
    problem: str | None
    proven: dt.datetime | None
    compared: dt.datetime | None

    @property
    def suspended(self) -> bool:
        """Whether an owner has suspended it."""
        return self.choice.state is registry.ChoiceState.SUSPENDED


@public
def in_short(list_ids: Collection[str], addresses: Collection[str]) -> dict[tuple[str, str], InShort]:
    """What is chosen for some addresses (in lower case) at some lists, by list-id and address.

    Two queries; and one for each certificate that has to be judged again, as it is before a post is sent: once in a month.
    """
    at = now()
    rows = _rows(list_ids, addresses, at)
    if due := [row.fingerprint for row in rows if row.due]:
        upkeep.judge_again(due)
        rows = _rows(list_ids, addresses, at)
    done = journal.latest(list_ids, addresses, (Act.PROVED, Act.COMPARED))
    return {(row.list_id, row.address): _in_short(row, at, done) for row in rows}


def _in_short(row: Any, at: dt.datetime, done: Mapping[journal.Done, dt.datetime]) -> InShort:
    choice = registry.Choice(
        row.list_id, row.address, row.fingerprint, registry.ChoiceState(row.state), row.since, None, row.origin
    )
    place = (row.list_id, row.address, row.fingerprint)
    proven = done.get(journal.Done(*place, Act.PROVED))
    if proven is None and choice.state is registry.ChoiceState.PROVEN:  # longer ago than the journal goes back
        proven = choice.since
    compared = done.get(journal.Done(*place, Act.COMPARED))
    problem = problem_of(row.state, row.problem, usable=row.usable, until=row.usable_until, at=at) or None
    return InShort(choice, row.algorithm, row.created, row.expires, problem, proven, compared)


def _rows(list_ids: Collection[str], addresses: Collection[str], at: dt.datetime) -> Sequence[Any]:
    choice, stored = tables.Choice, tables.StoredCertificate
    query = (
        select(
            choice.list_id,
            choice.address,
            choice.fingerprint,
            choice.state,
            choice.since,
            choice.origin,
            stored.algorithm,
            stored.created,
            stored.expires,
            stored.usable,
            stored.problem,
            stored.usable_until,
            upkeep.DUE.label("due"),
        )
        .join(stored, stored.fingerprint == choice.fingerprint)
        .where(choice.list_id.in_(list_ids), among(choice.address, addresses), choice.until.is_(None))
    )
    return store().execute(query, upkeep.due_times(at)).all()
