"""When somebody is to be told that their certificate ends: 30, 14 and 3 days before, when it has ended, and monthly then."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import or_, select, update

from mailman_pgp import openpgp
from mailman_pgp.keys.registry import COUNTING
from mailman_pgp.model import tables
from mailman_pgp.model.database import insert_once, store

#: Days before the end.
STAGES = (30, 14, 3, 0)
_MONTH_DAYS = 30


@dataclass(frozen=True, slots=True)
class Ending:
    """That the certificate of an address on a list ends, or has ended (naive UTC), and the stage that was reached."""

    list_id: str
    address: str
    fingerprint: str
    ends: dt.datetime
    days: int


def stage(ends: dt.datetime, at: dt.datetime) -> int | None:
    """The last stage that was reached at the time `at`: one of `STAGES`, or -30, -60 and so on; None before the first."""
    left = ends - at
    if left > dt.timedelta(0):
        return min((days for days in STAGES if left <= dt.timedelta(days=days)), default=None)
    return -((at - ends).days // _MONTH_DAYS * _MONTH_DAYS)


def stage_of_list_key(ends: dt.datetime, at: dt.datetime) -> int | None:
    """The last stage that was reached at the time `at`, one of `STAGES`, the last of them on the last day; None before the first.

    None, too, when it has ended: then the list can tell nobody.
    """
    left = ends - at
    if left <= dt.timedelta(0):
        return None
    return min((days for days in STAGES if left <= dt.timedelta(days=max(days, 1))), default=None)


def endings(list_id: str, at: dt.datetime) -> list[Ending]:
    """Who has a certificate on the list that ends within 30 days of `at` (naive UTC), or has ended; by address."""
    choice, stored = tables.Choice, tables.StoredCertificate
    soon = at + dt.timedelta(days=STAGES[0])
    query = (
        select(choice.address, choice.fingerprint, stored.data)
        .join(stored, stored.fingerprint == choice.fingerprint)
        .where(
            choice.list_id == list_id,
            choice.until.is_(None),
            choice.state.in_([state.value for state in COUNTING]),
            # Whatever changes in that time, and what has no use already; few of all.
            or_(~stored.usable, stored.usable_until <= soon),
        )
        .order_by(choice.address)
    )
    found = []
    for address, fingerprint, data in store().execute(query):
        ends = openpgp.ends(data)
        reached = None if ends is None else stage(ends, at)
        if ends is not None and reached is not None:
            found.append(Ending(list_id, address, fingerprint, ends, reached))
    return found


def claim(ending: Ending) -> bool:
    """Record that the person is told now; False when they were told of this stage, or by another process.

    The caller commits.
    """
    row = tables.Reminder
    values = {"fingerprint": ending.fingerprint, "ends": ending.ends, "days": ending.days}
    if insert_once(row, list_id=ending.list_id, address=ending.address, **values):
        return True
    older = or_(row.fingerprint != ending.fingerprint, row.ends != ending.ends, row.days > ending.days)
    statement = update(row).where(row.list_id == ending.list_id, row.address == ending.address, older)
    return bool(cast("Any", store().execute(statement.values(**values))).rowcount)
