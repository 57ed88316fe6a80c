"""List keys come, change and are sealed anew; a change of what is not there any more as it was seen is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import select, update

from mailman_pgp.events.kinds import ListKeyChangedEvent
from mailman_pgp.events.notifying import notify
from mailman_pgp.keys.vault.errors import VaultError
from mailman_pgp.keys.vault.opening import revocation
from mailman_pgp.keys.vault.public_side import KeyState
from mailman_pgp.keys.vault.sealing import Use, open_part, seal_part, sealed_parts, sealing_key
from mailman_pgp.model.database import insert_once, now, store
from mailman_pgp.model.tables import ListKey
from mailman_pgp.site import health

if TYPE_CHECKING:
    import datetime as dt

    from mailman_pgp.keys.vault.public_side import ListCertificate
    from mailman_pgp.openpgp import Certificate, NewListKey


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


def reseal() -> int:
    """Seal the keys of all lists under the site's key, where they are sealed under the one of before; the caller commits.

    :return: How many were.
    :raises VaultError: when one can't be opened.
    :raises mailman_pgp.site.health.NotHealthy: in a process that may not open them.
    """
    key = health.site_key()
    others = store().scalars(select(ListKey.fingerprint).where(ListKey.sealed_by != key.key_id)).all()
    for fingerprint in others:
        found = {use: store().execute(sealed_parts(ListKey.fingerprint == fingerprint, use)).one() for use in Use}
        blobs = {
            use.value: seal_part(key, row.list_id, fingerprint, use, open_part(key, row, use))
            for use, row in found.items()
        }
        # Only what was opened: somebody at the command line may have changed it meanwhile, which another look finds.
        same = (ListKey.fingerprint == fingerprint, ListKey.secret == found[Use.SECRET].blob)
        statement = update(ListKey).where(*same).values(**blobs, sealed_by=key.key_id)
        store().execute(statement.execution_options(synchronize_session=False))
    return len(others)


def _insert(list_id: str, new: NewListKey, **values: Any) -> None:
    key = sealing_key()
    made = new.certificate
    if not insert_once(
        ListKey,
        fingerprint=made.fingerprint,
        list_id=list_id,
        certificate=made.data,
        secret=seal_part(key, list_id, made.fingerprint, Use.SECRET, new.secret),
        revocation=seal_part(key, list_id, made.fingerprint, Use.REVOCATION, new.revocation),
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


def _rewrite(before: ListCertificate, last: tuple[bytes, Certificate] | None, **values: Any) -> None:
    if last is not None:
        key, (secret, made) = sealing_key(), last
        # Both parts of a row are sealed under one key, also while the site's key is being replaced.
        plain = {Use.SECRET: secret, Use.REVOCATION: revocation(before.list_id, before.fingerprint)}
        values |= {
            use.value: seal_part(key, before.list_id, before.fingerprint, use, part) for use, part in plain.items()
        }
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
