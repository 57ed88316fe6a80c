"""What is to be known about an encrypted list: who gets nothing and why, what was refused, what was sent.

It only looks.  Recipients and reasons are computed as delivery computes them, so they are true for the next post.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from public import public
from sqlalchemy import func, select

from mailman_pgp.delivery.lookup import look_up
from mailman_pgp.delivery.recipients import regular_recipients
from mailman_pgp.keys import journal, vault
from mailman_pgp.model.database import now, store
from mailman_pgp.model.tables import Delivery, Dropped, EncryptedList, Skipped
from mailman_pgp.openpgp import Profile, profile_of

if TYPE_CHECKING:
    import datetime as dt

    from mailman_pgp.keys.vault import ListCertificate

_LAST_POSTS = 5


@public
@dataclass(frozen=True, slots=True)
class Unserved:
    """Somebody who gets nothing.

    :ivar reason: A code, as in `mailman_pgp.overview.reasons.unserved`.
    :ivar since: When a post was kept from them for the first time; None when none was yet.
    :ivar last: When a post was kept from them last.
    :ivar posts: How many were, for this reason and those just before.
    """

    address: str
    reason: str
    since: dt.datetime | None = None
    last: dt.datetime | None = None
    posts: int = 0


@public
@dataclass(frozen=True, slots=True)
class Tally:
    """How many mails of a kind were refused or not sent for one reason, and when the last one was."""

    kind: str
    reason: str
    number: int
    last: dt.datetime


@public
@dataclass(frozen=True, slots=True)
class Sent:
    """What became of a post so far; `failed` counts those who were refused for good, or for now and are tried again."""

    message_id: str
    at: dt.datetime
    delivered: int
    skipped: int
    failed: int


@public
@dataclass(frozen=True, slots=True)
class KeyState:
    """The current key of a list."""

    fingerprint: str
    created: dt.datetime
    expires: dt.datetime | None
    expired: bool
    revoked: bool
    profile: Profile

    @classmethod
    def of(cls, row: ListCertificate, at: dt.datetime) -> KeyState:
        """How it is at a time (naive UTC)."""
        expired = row.expires is not None and row.expires <= at
        kind = profile_of(row.certificate)
        return cls(row.fingerprint, row.created, row.expires, expired=expired, revoked=row.revoked, profile=kind)

    @property
    def works(self) -> bool:
        """Whether anything can be sent with it."""
        return not self.expired and not self.revoked

    def days_left(self, at: dt.datetime) -> int | None:
        """Whole days until it expires; None when it never does."""
        return None if self.expires is None else (self.expires - at).days


@public
@dataclass(frozen=True, slots=True)
class Survey:
    """One encrypted list.

    :ivar key: None when the list has no key that could be read.
    :ivar members: How many members it has.
    :ivar receiving: How many of them are to get posts; the others have switched delivery off, or bounced.
    :ivar unserved: Those of them who get nothing all the same, by address.
    :ivar staff: Owners and moderators who can't get notices, by address.
    :ivar untold: How many changes of keys are told nobody yet.
    """

    list_id: str
    address: str
    enabled_at: dt.datetime
    key: KeyState | None
    members: int
    receiving: int
    unserved: tuple[Unserved, ...]
    staff: tuple[Unserved, ...]
    refused: tuple[Tally, ...]
    posts: tuple[Sent, ...]
    untold: int

    @property
    def key_works(self) -> bool:
        """Whether anything can be sent at all."""
        return self.key is not None and self.key.works

    @property
    def getting_nothing(self) -> int:
        """How many members get no posts although they should."""
        return len(self.unserved) if self.key_works else self.receiving

    @property
    def attention(self) -> bool:
        """Whether somebody gets nothing."""
        return bool(self.unserved) or not self.key_works


@public
def survey(mlist: Any, row: EncryptedList, since: dt.datetime) -> Survey:
    """Look at one encrypted list.

    :param row: The list's row.
    :param since: From when on refused mail counts.
    """
    list_id: str = mlist.list_id
    candidates = regular_recipients(mlist)
    # On a list that makes no digests.
    without = set() if mlist.digests_enabled else {candidate.address for candidate in candidates if candidate.digest}
    reasons = dict.fromkeys(sorted(without), "digest-mode")
    reasons |= look_up(list_id, [one.address for one in candidates if one.address not in without]).problems
    # Who is so as a user, and prefers no address any more, has none.
    staff = sorted({address.email for address in mlist.administrators.addresses if address is not None})
    return Survey(
        list_id=list_id,
        address=mlist.fqdn_listname,
        enabled_at=row.enabled_at,
        key=_key(list_id),
        members=mlist.members.member_count,
        receiving=len(candidates),
        unserved=_unserved(list_id, reasons),
        staff=tuple(Unserved(*problem) for problem in sorted(look_up(list_id, staff).problems.items())),
        refused=refused_at(list_id, since),
        posts=posts_at(list_id),
        untold=journal.untold(list_id),
    )


def _key(list_id: str) -> KeyState | None:
    try:
        row = vault.certificate(list_id)
    except vault.VaultError:
        return None
    return KeyState.of(row, now())


def _unserved(list_id: str, reasons: dict[str, str]) -> tuple[Unserved, ...]:
    kept = {row.address: row for row in store().scalars(select(Skipped).where(Skipped.list_id == list_id))}
    return tuple(
        Unserved(address, reason, kept[address].since, kept[address].last, kept[address].posts)
        if address in kept
        else Unserved(address, reason)
        for address, reason in sorted(reasons.items())
    )


@public
def refused_at(list_id: str, since: dt.datetime) -> tuple[Tally, ...]:
    """What was refused at a list, or not sent, since a time (naive UTC), the most frequent first."""
    number, last = func.count(), func.max(Dropped.at)
    query = (
        select(Dropped.kind, Dropped.reason, number, last)
        .where(Dropped.list_id == list_id, Dropped.at >= since)
        .group_by(Dropped.kind, Dropped.reason)
        .order_by(number.desc(), Dropped.kind, Dropped.reason)
    )
    return tuple(Tally(*row) for row in store().execute(query))


@public
def posts_at(list_id: str) -> tuple[Sent, ...]:
    """What became of the last few posts to a list, the latest first."""
    last = func.max(Delivery.at)
    query = (
        select(
            Delivery.message_id,
            last,
            func.sum(Delivery.delivered),
            func.sum(Delivery.skipped),
            func.sum(Delivery.failed),
        )
        .where(Delivery.list_id == list_id)
        .group_by(Delivery.message_id)
        .order_by(last.desc())
        .limit(_LAST_POSTS)
    )
    return tuple(Sent(name, at, *map(int, sums)) for name, at, *sums in store().execute(query))
