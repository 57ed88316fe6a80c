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
from mailman_pgp.model.database import insert_once, now, store
from mailman_pgp.model.tables import ListKey, Site
from mailman_pgp.site import health
from mailman_pgp.site.aead import AeadError, open_sealed, seal

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Collection, Sequence

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


def store_list_key(list_id: str, new: NewListKey) -> None:
    """Seal `new` and make it the first key of a list.  The caller commits.

    :raises VaultError: when the key is stored already, or the list has one.
    :raises mailman_pgp.site.health.NotHealthy: in a process that may not seal.
    """
    _insert(list_id, new)
    notify(ListKeyChangedEvent(list_id, new.certificate.fingerprint))


def succeed(
    before: ListCertificate,
    new: NewListKey,
    *,
    until: dt.datetime,
    last: tuple[bytes, Certificate] | None = None,
    vouched: bytes = b"",
) -> None:
    """Make `new` the key of a list, in the place of `before`, which opens mail until then; members are to be told.  The caller commits.

    :param last: What the former key says of itself from now on: its secret key and certificate; as it is when not given.
    :param vouched: What that one has certified of the new one.
    :raises VaultError: when the list has got another key at the same moment, or the new one is stored already.
    :raises mailman_pgp.site.health.NotHealthy: in a process that may not seal.
    """
    _rewrite(before, last, state=KeyState.RETIRED.value, opens_until=until)
    _insert(before.list_id, new, follows=before.fingerprint, vouched=vouched or None, tell_at=now())
    notify(ListKeyChangedEvent(before.list_id, new.certificate.fingerprint))


def _insert(list_id: str, new: NewListKey, **values: Any) -> None:
    key = _sealing_key()
    made = new.certificate
    if not insert_once(
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
        revoked=False,
        **values,
    ):
        raise VaultError(
            f"The key {made.fingerprint} was not stored for {list_id}: it is stored already, or the list got another "
            f"key at the same moment. Look at the key that the list has now."
        )


def renew(before: ListCertificate, secret: bytes, made: Certificate) -> None:
    """Put a key with newer self-signatures in the place of the same one; the caller commits.

    :param before: What it was made of.
    :param secret: Binary, without a passphrase.
    :raises VaultError: when the list has got another key, or form of it, at the same moment.
    :raises mailman_pgp.site.health.NotHealthy: in a process that may not seal.
    """
    _rewrite(before, (secret, made), warned=None)
    notify(ListKeyChangedEvent(before.list_id, made.fingerprint))


def revoke(before: ListCertificate, made: Certificate) -> None:
    """Record that a key is revoked, by its certificate that says so; nothing is opened or signed by it any more.  The caller commits.

    :raises VaultError: when it was changed at the same moment.
    """
    _rewrite(before, None, certificate=made.data, revoked=True)
    notify(ListKeyChangedEvent(before.list_id, before.fingerprint))


def _rewrite(before: ListCertificate, last: tuple[bytes, Certificate] | None, **values: Any) -> None:
    if last is not None:
        key, (secret, made) = _sealing_key(), last
        # Both parts of a row are sealed under one key, also while the site's key is being replaced.
        plain = {_Use.SECRET: secret, _Use.REVOCATION: revocation(before.list_id, before.fingerprint)}
        values |= {use.value: _seal(key, before.list_id, before.fingerprint, use, part) for use, part in plain.items()}
        values |= {"certificate": made.data, "expires": made.expires, "sealed_by": key.key_id}
    changed = store().execute(
        update(ListKey)
        .where(
            ListKey.list_id == before.list_id,
            ListKey.fingerprint == before.fingerprint,
            ListKey.certificate == before.certificate,
            ListKey.state == before.state,
            ListKey.revoked == before.revoked,
        )
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    if cast("Any", changed).rowcount != 1:
        raise VaultError(
            f"The key of {before.list_id} was changed by somebody else at the same moment. Look at it again."
        )


def certificate(list_id: str) -> ListCertificate:
    """The certificate of a list's current key, which may be revoked.

    :raises VaultError: when the list has none.
    """
    row = store().execute(_PUBLIC.where(ListKey.list_id == list_id, ListKey.state == KeyState.CURRENT)).first()
    if row is None:
        raise _no_key(list_id)
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


def waits(list_id: str) -> bool:
    """Whether a list can neither open nor sign anything at present, since its key was revoked and it has got no other one yet."""
    query = select(ListKey.revoked).where(ListKey.list_id == list_id, ListKey.state == KeyState.CURRENT)
    return bool(store().scalar(query))


def fingerprints(list_id: str) -> frozenset[str]:
    """The fingerprints of a list's keys, of the current and of the retired ones."""
    return frozenset(store().scalars(select(ListKey.fingerprint).where(ListKey.list_id == list_id)))


def key_names(list_id: str) -> frozenset[str]:
    """The fingerprints and key IDs of all keys and subkeys of a list, of the current and of the retired ones."""
    certificates = store().scalars(select(ListKey.certificate).where(ListKey.list_id == list_id))
    return frozenset(name for data in certificates for name in openpgp.key_names(data))


def current_secret(list_id: str) -> bytes:
    """The secret key with which a list signs: binary, without a passphrase; keep it no longer than needed.

    :raises VaultError: when the list has none, or it was revoked, or it can't be opened.
    :raises mailman_pgp.site.health.NotHealthy: in a process that may not open it.
    """
    if waits(list_id):
        raise VaultError(
            f"The key of {list_id} was revoked, so nothing is signed by it any more. `mailman pgp list-key rotate {list_id}` gives the "
            "list another one."
        )
    return _open_one(list_id, _Use.SECRET, None)


def revocation(list_id: str, fingerprint: str | None = None) -> bytes:
    """The armored revocation certificate of a list's key, of the current one unless told otherwise: publishing it ends the key.

    :raises VaultError: when the list has no such key, or it can't be opened.
    :raises mailman_pgp.site.health.NotHealthy: in a process that may not open it.
    """
    return _open_one(list_id, _Use.REVOCATION, fingerprint)


def secret_of(list_id: str, fingerprint: str) -> bytes:
    """The secret key of a list with this fingerprint, current or retired; as `current_secret`.

    :raises VaultError: when the list has no such key, or it can't be opened.
    :raises mailman_pgp.site.health.NotHealthy: in a process that may not open it.
    """
    return _open_one(list_id, _Use.SECRET, fingerprint)


def announcing_secret(list_id: str) -> bytes:
    """The secret key by which members know a list while they learn of another one: the former one as long as it opens mail.

    :raises VaultError: when the list has none, or it can't be opened.
    :raises mailman_pgp.site.health.NotHealthy: in a process that may not open it.
    """
    former = certificate(list_id).follows
    opens = next((one for one in certificates(list_id) if one.fingerprint == former and one.opens_at(now())), None)
    return current_secret(list_id) if opens is None else secret_of(list_id, opens.fingerprint)


def opening_secrets(list_id: str) -> list[bytes]:
    """The secret keys that open mail to a list now: the current one, and the retired whose time is not over.

    :raises VaultError: when the list has no key at all, or one can't be opened.
    :raises mailman_pgp.site.health.NotHealthy: in a process that may not open them.
    """
    at = now()
    return [secret for opens_at, secret in _all(list_id) if opens_at(at)]


def all_secrets(list_id: str) -> list[bytes]:
    """The secret keys that have ever opened mail to a list, for what is kept: the current one first, then the latest on.

    :raises VaultError: when the list has none, or one can't be opened.
    :raises mailman_pgp.site.health.NotHealthy: in a process that may not open them.
    """
    return [secret for _, secret in _all(list_id)]


def _all(list_id: str) -> list[tuple[Callable[[dt.datetime], bool], bytes]]:
    key = health.site_key()
    rows = {row.fingerprint: row for row in store().execute(_sealed(ListKey.list_id == list_id, _Use.SECRET))}
    if not rows:
        raise _no_key(list_id)
    return [
        (one.opens_at, _open(key, rows[one.fingerprint], _Use.SECRET))
        for one in certificates(list_id)
        if one.fingerprint in rows
    ]


def reseal() -> int:
    """Seal the keys of all lists under the site's key, where they are sealed under the one of before; the caller commits.

    :return: How many were.
    :raises VaultError: when one can't be opened.
    :raises mailman_pgp.site.health.NotHealthy: in a process that may not open them.
    """
    key = health.site_key()
    others = store().scalars(select(ListKey.fingerprint).where(ListKey.sealed_by != key.key_id)).all()
    for fingerprint in others:
        found = {use: store().execute(_sealed(ListKey.fingerprint == fingerprint, use)).one() for use in _Use}
        blobs = {
            use.value: _seal(key, row.list_id, fingerprint, use, _open(key, row, use)) for use, row in found.items()
        }
        # Only what was opened: somebody at the command line may have changed it meanwhile, which another look finds.
        same = (ListKey.fingerprint == fingerprint, ListKey.secret == found[_Use.SECRET].blob)
        statement = update(ListKey).where(*same).values(**blobs, sealed_by=key.key_id)
        store().execute(statement.execution_options(synchronize_session=False))
    return len(others)


def _sealing_key() -> SiteKey:
    """The site's key, which stays that of the database until this transaction ends.

    A command may have waited for somebody's answer while the site's key was replaced: what is sealed by the one of before, nothing opens.

    :raises VaultError: when that has happened.
    """
    key = health.site_key()
    recorded = store().scalar(select(Site.value).where(Site.name == "site_key").with_for_update(read=True))
    if recorded is not None and recorded not in {one.key_id for one in key.generations}:
        raise VaultError(
            f"The site key {key.key_id} was replaced by {recorded} since this was begun. Nothing was changed. Run it again, or restart "
            "Mailman."
        )
    return key


def _open_one(list_id: str, use: _Use, fingerprint: str | None) -> bytes:
    key = health.site_key()
    which = ListKey.state == KeyState.CURRENT if fingerprint is None else ListKey.fingerprint == fingerprint
    row = store().execute(_sealed(ListKey.list_id == list_id, use).where(which)).first()
    if row is None:
        raise _no_key(list_id)
    return _open(key, row, use)


def _sealed(where: ColumnElement[bool], use: _Use) -> Select[tuple[str, str, str, bytes]]:
    blob = ListKey.secret if use is _Use.SECRET else ListKey.revocation
    return select(ListKey.list_id, ListKey.fingerprint, ListKey.sealed_by, blob.label("blob")).where(where)


def _seal(key: SiteKey, list_id: str, fingerprint: str, use: _Use, plaintext: bytes) -> bytes:
    return seal(key.derive(_PURPOSE), plaintext, _bound_to((list_id, fingerprint, use, key.key_id)))


def _open(key: SiteKey, row: Row[tuple[str, str, str, bytes]], use: _Use) -> bytes:
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
