"""The secret parts of list keys, opened: which key signs, and which ones open mail."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import and_, bindparam

from mailman_pgp.keys.vault.errors import VaultError, no_key
from mailman_pgp.keys.vault.public_side import KeyState, certificate, certificates
from mailman_pgp.keys.vault.sealing import Use, open_part, sealed_parts
from mailman_pgp.model.database import now, store
from mailman_pgp.model.tables import ListKey
from mailman_pgp.site import health

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable

# Made once, as it is asked for each chunk of a post.
_CURRENT = sealed_parts(
    and_(ListKey.list_id == bindparam("list_id"), ListKey.state == KeyState.CURRENT), Use.SECRET
).add_columns(ListKey.revoked)


def current_secret(list_id: str) -> bytes:
    """The secret key with which a list signs: binary, without a passphrase; keep it no longer than needed.

    :raises VaultError: when the list has none, or it was revoked, or it can't be opened.
    :raises mailman_pgp.site.health.NotHealthy: in a process that may not open it.
    """
    key = health.site_key()
    row = store().execute(_CURRENT, {"list_id": list_id}).first()
    if row is None:
        raise no_key(list_id)
    if row.revoked:
        raise VaultError(
            f"The key of {list_id} was revoked, so nothing is signed by it any more. `mailman pgp list-key rotate {list_id}` gives the "
            "list another one."
        )
    return open_part(key, row, Use.SECRET)


def revocation(list_id: str, fingerprint: str | None = None) -> bytes:
    """The armored revocation certificate of a list's key, of the current one unless told otherwise: publishing it ends the key.

    :raises VaultError: when the list has no such key, or it can't be opened.
    :raises mailman_pgp.site.health.NotHealthy: in a process that may not open it.
    """
    return _open_one(list_id, Use.REVOCATION, fingerprint)


def secret_of(list_id: str, fingerprint: str) -> bytes:
    """The secret key of a list with this fingerprint, current or retired; as `current_secret`.

    :raises VaultError: when the list has no such key, or it can't be opened.
    :raises mailman_pgp.site.health.NotHealthy: in a process that may not open it.
    """
    return _open_one(list_id, Use.SECRET, fingerprint)


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
    rows = {row.fingerprint: row for row in store().execute(sealed_parts(ListKey.list_id == list_id, Use.SECRET))}
    if not rows:
        raise no_key(list_id)
    return [
        (one.opens_at, open_part(key, rows[one.fingerprint], Use.SECRET))
        for one in certificates(list_id)
        if one.fingerprint in rows
    ]


def _open_one(list_id: str, use: Use, fingerprint: str | None) -> bytes:
    key = health.site_key()
    which = ListKey.state == KeyState.CURRENT if fingerprint is None else ListKey.fingerprint == fingerprint
    row = store().execute(sealed_parts(ListKey.list_id == list_id, use).where(which)).first()
    if row is None:
        raise no_key(list_id)
    return open_part(key, row, use)
