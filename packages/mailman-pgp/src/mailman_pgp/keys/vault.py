"""The secret keys of lists: in the database, sealed under the site's key.

A sealed key is bound to its list, its fingerprint and its use, so that a row copied to another list opens nothing.
Opening one takes some microseconds; no opened key is kept here.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import select, update

from mailman_pgp import openpgp
from mailman_pgp.events.kinds import ListKeyChangedEvent
from mailman_pgp.events.notifying import notify
from mailman_pgp.model.database import insert_once, store
from mailman_pgp.model.tables import ListKey
from mailman_pgp.site import health
from mailman_pgp.site.aead import AeadError, open_sealed, seal

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Collection, Sequence

    from sqlalchemy import ColumnElement, Row, Select

    from mailman_pgp.openpgp import Certificate, NewListKey
    from mailman_pgp.site.sitekey import SiteKey

_PURPOSE = "list keys"


class VaultError(Exception):
    """A list key is missing or can't be opened; the text says what to do and holds nothing secret."""


class KeyState(enum.StrEnum):
    """Whether a list key is the one in use."""

    CURRENT = "current"
    RETIRED = "retired"  # kept to open what was encrypted to it


class _Use(enum.StrEnum):
    """What a sealed blob of a row is."""

    SECRET = "secret"  # noqa: S105 - the name of a column, no password
    REVOCATION = "revocation"


@dataclass(frozen=True, slots=True)
class ListCertificate:
    """The public side of a list key; `certificate` is binary, times are naive UTC."""

    list_id: str
    fingerprint: str
    certificate: bytes
    created: dt.datetime
    expires: dt.datetime | None
    state: KeyState


def store_list_key(list_id: str, new: NewListKey) -> None:
    """Seal `new` and make it the current key of a list; the one before it is retired.  The caller commits.

    :raises VaultError: when the key is stored already.
    :raises mailman_pgp.site.health.NotHealthy: in a process that may not seal.
    """
    key = health.site_key()
    made = new.certificate
    known = store().scalar(select(ListKey.list_id).where(ListKey.fingerprint == made.fingerprint))
    if known is None:
        store().execute(
            update(ListKey)
            .where(ListKey.list_id == list_id, ListKey.state == KeyState.CURRENT)
            .values(state=KeyState.RETIRED.value)
        )
    if known is not None or not insert_once(
        ListKey,
        fingerprint=made.fingerprint,
        list_id=list_id,
        certificate=made.data,
        secret=_seal(key, list_id, made.fingerprint, _Use.SECRET, new.secret),
        revocation=_seal(key, list_id, made.fingerprint, _Use.REVOCATION, new.revocation),
        sealed_by=key.key_id,
        created=made.created,
        expires=made.expires,
        state=KeyState.CURRENT.value,
    ):
        raise VaultError(
            f"The key {made.fingerprint} was not stored for {list_id}: it is stored already, or the list got another "
            f"key at the same moment. Look at the key that the list has now."
        )
    notify(ListKeyChangedEvent(list_id, made.fingerprint))


def renew(before: ListCertificate, secret: bytes, made: Certificate) -> None:
    """Put a key with newer self-signatures in the place of the same one; the caller commits.

    :param before: What it was made of.
    :param secret: Binary, without a passphrase.
    :raises VaultError: when the list has got another key, or form of it, at the same moment.
    :raises mailman_pgp.site.health.NotHealthy: in a process that may not seal.
    """
    key = health.site_key()
    changed = store().execute(
        update(ListKey)
        .where(
            ListKey.list_id == before.list_id,
            ListKey.fingerprint == made.fingerprint,
            ListKey.certificate == before.certificate,
            ListKey.state == KeyState.CURRENT,
        )
        .values(
            certificate=made.data,
            secret=_seal(key, before.list_id, made.fingerprint, _Use.SECRET, secret),
            sealed_by=key.key_id,
            expires=made.expires,
        )
        .execution_options(synchronize_session=False)
    )
    if cast("Any", changed).rowcount != 1:
        raise VaultError(
            f"The key of {before.list_id} was changed by somebody else at the same moment. Look at it again."
        )
    notify(ListKeyChangedEvent(before.list_id, made.fingerprint))


def certificate(list_id: str) -> ListCertificate:
    """The certificate of a list's current key.

    :raises VaultError: when the list has none.
    """
    query = select(ListKey.fingerprint, ListKey.certificate, ListKey.created, ListKey.expires).where(
        ListKey.list_id == list_id, ListKey.state == KeyState.CURRENT
    )
    row = store().execute(query).first()
    if row is None:
        raise _no_key(list_id)
    return ListCertificate(list_id, row.fingerprint, row.certificate, row.created, row.expires, KeyState.CURRENT)


def current_keys(list_ids: Collection[str]) -> list[ListCertificate]:
    """The certificates of the current keys of some lists, of those that have one, in no order."""
    query = select(ListKey.list_id, ListKey.fingerprint, ListKey.certificate, ListKey.created, ListKey.expires).where(
        ListKey.list_id.in_(list_ids), ListKey.state == KeyState.CURRENT
    )
    return [
        ListCertificate(row.list_id, row.fingerprint, row.certificate, row.created, row.expires, KeyState.CURRENT)
        for row in store().execute(query)
    ]


def fingerprints(list_id: str) -> frozenset[str]:
    """The fingerprints of a list's keys, of the current and of the retired ones."""
    return frozenset(store().scalars(select(ListKey.fingerprint).where(ListKey.list_id == list_id)))


def key_names(list_id: str) -> frozenset[str]:
    """The fingerprints and key IDs of all keys and subkeys of a list, of the current and of the retired ones."""
    certificates = store().scalars(select(ListKey.certificate).where(ListKey.list_id == list_id))
    return frozenset(name for data in certificates for name in openpgp.key_names(data))


def current_secret(list_id: str) -> bytes:
    """The secret key with which a list signs: binary, without a passphrase; keep it no longer than needed.

    :raises VaultError: when the list has none, or it can't be opened.
    :raises mailman_pgp.site.health.NotHealthy: in a process that may not open it.
    """
    return _open_current(list_id, _Use.SECRET)


def revocation(list_id: str) -> bytes:
    """The armored revocation certificate of a list's current key: publishing it ends the key.

    :raises VaultError: when the list has no key, or it can't be opened.
    :raises mailman_pgp.site.health.NotHealthy: in a process that may not open it.
    """
    return _open_current(list_id, _Use.REVOCATION)


def all_secrets(list_id: str) -> list[bytes]:
    """The secret keys that open mail to a list, the current one first, then the retired from the latest on.

    :raises VaultError: when the list has none, or one can't be opened.
    :raises mailman_pgp.site.health.NotHealthy: in a process that may not open them.
    """
    key = health.site_key()
    rows = store().execute(_sealed(ListKey.list_id == list_id, _Use.SECRET)).all()
    if not rows:
        raise _no_key(list_id)
    newest_first = sorted(rows, key=lambda row: row.created, reverse=True)
    newest_first.sort(key=lambda row: row.state != KeyState.CURRENT)
    return [_open(key, row, _Use.SECRET) for row in newest_first]


def reseal() -> int:
    """Seal the keys of all lists under the site's key, where they are sealed under the one of before; the caller commits.

    :return: How many were.
    :raises VaultError: when one can't be opened.
    :raises mailman_pgp.site.health.NotHealthy: in a process that may not open them.
    """
    key = health.site_key()
    others = store().scalars(select(ListKey.fingerprint).where(ListKey.sealed_by != key.key_id)).all()
    for fingerprint in others:
        blobs = {}
        for use in _Use:
            query = _sealed(ListKey.fingerprint == fingerprint, use)
            row = store().execute(query).one()
            blobs[use.value] = _seal(key, row.list_id, fingerprint, use, _open(key, row, use))
        statement = update(ListKey).where(ListKey.fingerprint == fingerprint).values(**blobs, sealed_by=key.key_id)
        store().execute(statement.execution_options(synchronize_session=False))
    return len(others)


def _open_current(list_id: str, use: _Use) -> bytes:
    key = health.site_key()
    row = store().execute(_sealed(ListKey.list_id == list_id, use).where(ListKey.state == KeyState.CURRENT)).first()
    if row is None:
        raise _no_key(list_id)
    return _open(key, row, use)


def _sealed(where: ColumnElement[bool], use: _Use) -> Select[tuple[str, str, str, dt.datetime, str, bytes]]:
    blob = ListKey.secret if use is _Use.SECRET else ListKey.revocation
    return select(
        ListKey.list_id, ListKey.fingerprint, ListKey.sealed_by, ListKey.created, ListKey.state, blob.label("blob")
    ).where(where)


def _seal(key: SiteKey, list_id: str, fingerprint: str, use: _Use, plaintext: bytes) -> bytes:
    return seal(key.derive(_PURPOSE), plaintext, _bound_to((list_id, fingerprint, use, key.key_id)))


def _open(key: SiteKey, row: Row[tuple[str, str, str, dt.datetime, str, bytes]], use: _Use) -> bytes:
    sealed_by = next((one for one in key.generations if one.key_id == row.sealed_by), None)
    if sealed_by is None:
        raise VaultError(
            f"The key {row.fingerprint} of {row.list_id} was sealed under the site key {row.sealed_by}, but the key "
            f"file holds {key.key_id}. Restore the key file that belongs to this database from its backup."
        )
    try:
        bound_to = _bound_to((row.list_id, row.fingerprint, use, sealed_by.key_id))
        return open_sealed(sealed_by.derive(_PURPOSE), row.blob, bound_to)
    except AeadError:
        raise VaultError(
            f"The key {row.fingerprint} of {row.list_id} can't be opened: its row was changed, or moved here from "
            f"another list. Restore the table pgp_list_key from the backup of the database."
        ) from None


def _bound_to(parts: Sequence[str]) -> bytes:
    return b"\0".join([b"mailman-pgp list key v1", *(part.encode() for part in parts)])


def _no_key(list_id: str) -> VaultError:
    return VaultError(
        f"The list {list_id} has no list key. Make it an encrypted list with `mailman pgp enable {list_id}`."
    )
