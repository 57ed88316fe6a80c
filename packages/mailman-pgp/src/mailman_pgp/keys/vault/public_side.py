"""The public side of list keys: their certificates, and what becomes of each."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, select

from mailman_pgp import openpgp
from mailman_pgp.keys.vault.errors import no_key
from mailman_pgp.model.database import store
from mailman_pgp.model.tables import ListKey

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Collection


class KeyState(enum.StrEnum):
    """Whether a list key is the one in use."""

    CURRENT = "current"
    RETIRED = "retired"  # kept to open what was encrypted to it


@dataclass(frozen=True, slots=True)
class ListCertificate:
    """The public side of a list key; times are naive UTC.

    :ivar certificate: Binary, as its own key has signed it.
    :ivar opens_until: Until when a retired key opens mail, where that has an end.
    :ivar follows: The fingerprint of the key in whose place it came.
    :ivar vouched: What that one has certified of it (`mailman_pgp.openpgp.with_vouching`).
    """

    list_id: str
    fingerprint: str
    certificate: bytes
    created: dt.datetime
    expires: dt.datetime | None
    state: KeyState
    revoked: bool = False
    opens_until: dt.datetime | None = None
    follows: str | None = None
    vouched: bytes | None = None

    def opens_at(self, at: dt.datetime) -> bool:
        """Whether mail that is encrypted to it is opened at a time (naive UTC)."""
        return not self.revoked and (self.opens_until is None or self.opens_until > at)


def certificate(list_id: str) -> ListCertificate:
    """The certificate of a list's current key, which may be revoked.

    :raises VaultError: when the list has none.
    """
    row = store().execute(_PUBLIC.where(ListKey.list_id == list_id, ListKey.state == KeyState.CURRENT)).first()
    if row is None:
        raise no_key(list_id)
    return _public(row)


def certificates(list_id: str) -> list[ListCertificate]:
    """The certificates of all keys of a list: the current one, the one before it, and so on."""
    found = [_public(row) for row in store().execute(_PUBLIC.where(ListKey.list_id == list_id))]
    # Those that were retired before it was written down what follows what come last.
    left = sorted(found, key=lambda one: (one.state is KeyState.CURRENT, one.created), reverse=True)
    ordered: list[ListCertificate] = []
    while left:
        former = ordered[-1].follows if ordered else None
        one = next((each for each in left if each.fingerprint == former), left[0])
        left.remove(one)
        ordered.append(one)
    return ordered


def current_keys(list_ids: Collection[str]) -> list[ListCertificate]:
    """The certificates of the current keys of some lists, of those that have one, in no order."""
    query = _PUBLIC.where(ListKey.list_id.in_(list_ids), ListKey.state == KeyState.CURRENT)
    return [_public(row) for row in store().execute(query)]


_PUBLIC = select(
    ListKey.list_id,
    ListKey.fingerprint,
    ListKey.certificate,
    ListKey.created,
    ListKey.expires,
    ListKey.state,
    ListKey.revoked,
    ListKey.opens_until,
    ListKey.follows,
    ListKey.vouched,
)


def _public(row: Any) -> ListCertificate:
    values = row._asdict()
    return ListCertificate(**{**values, "state": KeyState(row.state)})


def owner_of(fingerprint: str) -> str | None:
    """The list-id of the list that has a key with this fingerprint."""
    return store().scalar(select(ListKey.list_id).where(ListKey.fingerprint == fingerprint))


# Made once, as it is asked of each mail.
_WAITS = select(ListKey.revoked).where(ListKey.list_id == bindparam("list_id"), ListKey.state == KeyState.CURRENT)


def waits(list_id: str) -> bool:
    """Whether a list can neither open nor sign anything at present, since its key was revoked and it has got no other one yet."""
    return bool(store().scalar(_WAITS, {"list_id": list_id}))


def fingerprints(list_id: str) -> frozenset[str]:
    """The fingerprints of a list's keys, of the current and of the retired ones."""
    return frozenset(store().scalars(select(ListKey.fingerprint).where(ListKey.list_id == list_id)))


def key_names(list_id: str) -> frozenset[str]:
    """The fingerprints and key IDs of all keys and subkeys of a list, of the current and of the retired ones."""
    certificates = store().scalars(select(ListKey.certificate).where(ListKey.list_id == list_id))
    return frozenset(name for data in certificates for name in openpgp.key_names(data))
