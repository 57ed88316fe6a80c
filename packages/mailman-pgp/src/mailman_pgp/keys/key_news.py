"""What is to be told of a list's key, and to whom it was: that it is another one, to people on the list; that it ends, to the owners.

The row of the key is the note, written in the transaction in which that came to be true.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import bindparam, or_, select, update

from mailman_pgp.keys.vault import KeyState
from mailman_pgp.model.database import now, store
from mailman_pgp.model.tables import ListKey

if TYPE_CHECKING:
    import datetime as dt

# How long whoever tells of a key may take for a part of a list.
_LEASE = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class News:
    """The key, by its fingerprint, that people on a list are to be told of, but for those up to the address `last`."""

    list_id: str
    fingerprint: str
    last: str = ""


# Made once, as it is asked at each turn.
_DUE = select(ListKey.list_id, ListKey.fingerprint, ListKey.tell_at, ListKey.told_to).where(
    ListKey.tell_at <= bindparam("at"), ListKey.state == KeyState.CURRENT
)


def to_tell(at: dt.datetime) -> list[News]:
    """Take what people on lists are to be told of at the time `at` (naive UTC).

    The caller commits, tells, and calls `told`.  Who does not do so in time has died of it, and somebody else is to try.
    """
    taken = []
    for row in store().execute(_DUE, {"at": at}).all():
        mine = update(ListKey).where(ListKey.fingerprint == row.fingerprint, ListKey.tell_at == row.tell_at)
        if cast("Any", store().execute(mine.values(tell_at=at + _LEASE))).rowcount:
            taken.append(News(row.list_id, row.fingerprint, row.told_to or ""))
    return taken


def told(news: News, last: str | None) -> None:
    """Record that people were told, up to the address `last`, and the others come next; None: all.  The caller commits.

    Of a key that has come in the place of this one meanwhile nobody was told by that.
    """
    this = update(ListKey).where(ListKey.fingerprint == news.fingerprint, ListKey.tell_at.is_not(None))
    store().execute(this.values(tell_at=None if last is None else now(), told_to=last))


def reached(news: News, last: str) -> None:
    """Record that people were told up to the address `last`, and no further before their time comes again.  The caller commits."""
    this = update(ListKey).where(ListKey.fingerprint == news.fingerprint, ListKey.tell_at.is_not(None))
    store().execute(this.values(told_to=last))


def warn(list_id: str, days: int) -> bool:
    """Record that the owners of a list are warned so many days before its key ends; False when they were.  The caller commits."""
    later = or_(ListKey.warned.is_(None), ListKey.warned > days)
    mine = update(ListKey).where(ListKey.list_id == list_id, ListKey.state == KeyState.CURRENT, later)
    return bool(cast("Any", store().execute(mine.values(warned=days))).rowcount)
