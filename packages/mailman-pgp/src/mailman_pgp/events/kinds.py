"""What happens on encrypted lists: plain data, of which everything may be told to whoever the operator trusts with events.

Nothing here says who has written a post, and nothing is of a post: no subject, no text, no Message-ID.  Addresses are in
lower case, fingerprints in upper-case hex, times are naive UTC.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from public import public

if TYPE_CHECKING:
    import datetime as dt


@dataclass(frozen=True, slots=True)
class OfKey:
    """Of the certificate with this fingerprint, for an address on a list."""

    list_id: str
    address: str
    fingerprint: str


@public
@dataclass(frozen=True, slots=True)
class KeyOfferedEvent(OfKey):
    """Somebody has brought one, which does not count yet.

    :ivar waits_for: ``proof`` that its person holds it and reads mail at the address; or ``moderator``: it was proven, and is
        to count in the place of one that has not signed for it.
    """

    waits_for: str


@public
@dataclass(frozen=True, slots=True)
class KeyExpiringEvent(OfKey):
    """Its person is told that it ends.

    :ivar expires: When it ends, or has ended.
    :ivar days: How many days are left, in the steps in which people are told; below zero: since the end.
    """

    expires: dt.datetime
    days: int


@dataclass(frozen=True, slots=True)
class DoneToKey(OfKey):
    """Something was done about it, by a door: a `mailman_pgp.keys.journal.Door`."""

    door: str


@public
@dataclass(frozen=True, slots=True)
class KeyAddedEvent(DoneToKey):
    """It counts where none did."""


@public
@dataclass(frozen=True, slots=True)
class KeyChangedEvent(DoneToKey):
    """It counts in the place of another, whose fingerprint is `earlier`."""

    earlier: str


@public
@dataclass(frozen=True, slots=True)
class KeyUpdatedEvent(DoneToKey):
    """A newer copy of it came."""


@public
@dataclass(frozen=True, slots=True)
class KeyProvenEvent(DoneToKey):
    """Its person has shown that they hold it and read mail at the address."""


@public
@dataclass(frozen=True, slots=True)
class KeyApprovedEvent(DoneToKey):
    """A moderator has approved it."""


@public
@dataclass(frozen=True, slots=True)
class KeyComparedEvent(DoneToKey):
    """An owner has compared the fingerprint with the person."""


@public
@dataclass(frozen=True, slots=True)
class KeySuspendedEvent(DoneToKey):
    """It does not count until further notice."""


@public
@dataclass(frozen=True, slots=True)
class KeyResumedEvent(DoneToKey):
    """It was suspended, and counts again."""


@public
@dataclass(frozen=True, slots=True)
class KeyRemovedEvent(DoneToKey):
    """It was chosen, and nothing is any more."""


@public
@dataclass(frozen=True, slots=True)
class KeyRevokedEvent(DoneToKey):
    """It was revoked, as it says itself."""


@public
@dataclass(frozen=True, slots=True)
class ListKeyChangedEvent:
    """The key of a list is another one, lives longer, or was revoked; `fingerprint` is None where the list is not encrypted any more."""

    list_id: str
    fingerprint: str | None


@public
@dataclass(frozen=True, slots=True)
class ListSettingsChangedEvent:
    """Settings of an encrypted list (`mailman_pgp.lists.settings`) have other values; their names."""

    list_id: str
    settings: tuple[str, ...]


@public
@dataclass(frozen=True, slots=True)
class MemberSkippedEvent:
    """Members were sent no copy of a post for the first time since a reason is there; one event for many of them.

    Not for each post, so that nobody counts posts by those who miss them.

    :ivar reason: As `mailman_pgp.overview.reasons.unserved` knows it.
    :ivar count: How many.
    :ivar address: Whose it is where the event is about one; None where they are too many to be told of one by one.
    """

    list_id: str
    reason: str
    count: int
    address: str | None
