"""The posts that wait for a digest: a row for each, whose content is sealed as in the queues.

A post is in exactly one issue: its row says in which, from the transaction on in which the issue gets its number, and stays
without its content when the issue is on its way, so that the post is known when its queue file passes again.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from mailman.app.digests import bump_digest_number_and_volume
from public import public
from sqlalchemy import delete, func, select, update

from mailman_pgp.delivery import ledger
from mailman_pgp.model.database import commit, insert_once, now, store
from mailman_pgp.model.tables import DigestPost as Row
from mailman_pgp.model.tables import EncryptedList
from mailman_pgp.site import health
from mailman_pgp.site.aead import AeadError, open_by_any, open_sealed, seal

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

#: More than that is more than one issue: few mail servers take more, and nobody reads more.
MOST_BYTES = 8 * 2**20
MOST_POSTS = 200
_KIB = 1024


@public
@dataclass(frozen=True, slots=True)
class Issue:
    """An issue that has its posts and its number; `name` is no other issue's."""

    name: str
    volume: int
    number: int


@public
def add(list_id: str, claim: str, payload: bytes) -> None:
    """Keep a post for the next digest, unless it was kept before; the caller commits.

    :param claim: See `mailman_pgp.posts.replay`.
    """
    name = hashlib.sha256("\0".join((list_id, claim or secrets.token_hex(16), "digest")).encode()).hexdigest()[:32]
    insert_once(
        Row,
        list_id=list_id,
        name=name,
        at=now(),
        size=len(payload),
        sealed=seal(_keys()[0], payload, _bound_to(list_id, name)),
        issue=None,
        volume=None,
        number=None,
        done=False,
    )


@public
def is_full(mlist: Any) -> bool:
    """Whether what waits has reached the size at which the list wants a digest to be sent (core's `digest_size_threshold`)."""
    threshold = float(mlist.digest_size_threshold or 0) * _KIB
    waiting = select(func.coalesce(func.sum(Row.size), 0)).where(Row.list_id == mlist.list_id, Row.issue.is_(None))
    return threshold > 0 and int(store().scalar(waiting) or 0) >= threshold


@public
def begin_issue(mlist: Any) -> Issue | None:
    """Give the next posts that wait to an issue, and the issue its number as core counts them; commits.

    :return: None when none waits, or another process has just taken them.
    """
    session, list_id = store(), mlist.list_id
    session.flush()
    chosen: list[int] = []
    size = 0
    waiting = select(Row.id, Row.size).where(Row.list_id == list_id, Row.issue.is_(None)).order_by(Row.id)
    for row in session.execute(waiting.limit(MOST_POSTS)):
        size += row.size
        if chosen and size > MOST_BYTES:
            break
        chosen.append(row.id)
    if not chosen:
        return None
    name = secrets.token_hex(16)
    taken = session.execute(
        update(Row)
        .where(Row.id.in_(chosen), Row.issue.is_(None))
        .values(issue=name)
        .execution_options(synchronize_session=False)
    )
    if cast("Any", taken).rowcount != len(chosen):
        session.rollback()
        return None
    # Nobody else counts at this moment, and what they have counted before is seen.
    session.refresh(mlist, with_for_update=True)
    issue = Issue(name, int(mlist.volume), int(mlist.next_digest_number))
    bump_digest_number_and_volume(mlist)
    session.execute(
        update(Row)
        .where(Row.issue == name)
        .values(volume=issue.volume, number=issue.number)
        .execution_options(synchronize_session=False)
    )
    commit()
    return issue


@public
def unfinished(list_id: str) -> list[Issue]:
    """The issues that have a number, and are not on their way: another process is at it now, or was killed."""
    query = select(Row.issue, Row.volume, Row.number).where(
        Row.list_id == list_id, Row.issue.is_not(None), Row.done.is_(False)
    )
    return [Issue(*found) for found in store().execute(query.distinct().order_by(Row.volume, Row.number))]


@public
def payloads(list_id: str, issue: Issue) -> tuple[list[bytes], int]:
    """The posts of an issue, opened, in their order; and how many can't be, since they were sealed under another key."""
    found, closed = [], 0
    rows = select(Row.name, Row.sealed).where(Row.list_id == list_id, Row.issue == issue.name, Row.done.is_(False))
    for name, sealed in store().execute(rows.order_by(Row.id)):
        try:
            found.append(open_by_any(_keys(), sealed, _bound_to(list_id, name)))
        except AeadError:
            closed += 1
    return found, closed


@public
def finish(issue: Issue) -> None:
    """Forget the posts of an issue that is on its way, but for their names; the caller commits."""
    store().execute(
        update(Row)
        .where(Row.issue == issue.name)
        .values(done=True, sealed=b"")
        .execution_options(synchronize_session=False)
    )


@public
def waiting_since(before: dt.datetime) -> Sequence[str]:
    """The lists of which something is due: it has waited since a time (naive UTC), or its issue was begun before that."""
    return store().scalars(select(Row.list_id).where(Row.done.is_(False), Row.at < before).distinct()).all()


@public
def prune(kept: dt.timedelta = ledger.KEPT) -> None:
    """Forget the posts of which nobody needs to know any more; the caller commits."""
    store().execute(delete(Row).where(Row.done, Row.at < now() - kept))


@public
def reseal() -> tuple[int, int]:
    """Seal what waits under the site's key, where it is sealed under the one of before; commits each.

    :return: How many were, and how many nothing opens: they were sealed before their list was encrypted anew.
    """
    done = closed = 0
    new, *old = _keys()
    # One at a time in memory: posts may be large.
    for number in store().scalars(select(Row.id).where(Row.done.is_(False)).order_by(Row.id)).all():
        row = store().execute(select(Row.list_id, Row.name, Row.sealed).where(Row.id == number)).one()
        bound = _bound_to(row.list_id, row.name)
        try:
            open_sealed(new, row.sealed, bound)
        except AeadError:
            try:
                sealed = seal(new, open_by_any(old, row.sealed, bound), bound)
            except AeadError:
                closed += 1
                continue
            store().execute(
                update(Row).where(Row.id == number).values(sealed=sealed).execution_options(synchronize_session=False)
            )
            commit()
            done += 1
    return done, closed


def _keys() -> list[bytes]:
    """The key that seals, then the one of before, while the site's key is being replaced."""
    return [key.derive("digest posts") for key in health.site_key().generations]


def _bound_to(list_id: str, name: str) -> bytes:
    row = store().get(EncryptedList, list_id)
    generation = row.enabled_at.isoformat() if row is not None else ""
    return b"mailman-pgp digest post v1\0" + json.dumps([list_id, generation, name]).encode("ascii")
