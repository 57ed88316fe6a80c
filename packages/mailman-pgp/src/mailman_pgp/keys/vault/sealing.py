"""The secret parts of a list key, sealed under the site's key.

Each is bound to its list, its fingerprint and its use, so that a row copied to another list opens nothing.
"""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING

from sqlalchemy import select

from mailman_pgp.keys.vault.errors import VaultError
from mailman_pgp.model.database import store
from mailman_pgp.model.tables import ListKey, Site
from mailman_pgp.site import health
from mailman_pgp.site.aead import AeadError, open_sealed, seal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import ColumnElement, Row, Select

    from mailman_pgp.site.sitekey import SiteKey

_PURPOSE = "list keys"


class Use(enum.StrEnum):
    """What a sealed part of a row is; its column."""

    SECRET = "secret"  # noqa: S105 - the name of a column, no password
    REVOCATION = "revocation"


def sealing_key() -> SiteKey:
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


def sealed_parts(where: ColumnElement[bool], use: Use) -> Select[tuple[str, str, str, bytes]]:
    """The query for the sealed parts of one use, as `blob`, with what they are bound to."""
    blob = ListKey.secret if use is Use.SECRET else ListKey.revocation
    return select(ListKey.list_id, ListKey.fingerprint, ListKey.sealed_by, blob.label("blob")).where(where)


def seal_part(key: SiteKey, list_id: str, fingerprint: str, use: Use, plaintext: bytes) -> bytes:
    """Seal a part, for one key of one list."""
    return seal(key.derive(_PURPOSE), plaintext, _bound_to((list_id, fingerprint, use, key.key_id)))


def open_part(key: SiteKey, row: Row[tuple[str, str, str, bytes]], use: Use) -> bytes:
    """The part in a row of `sealed_parts`.

    :raises VaultError: when it was sealed under another site key, or for another key, list or use.
    """
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


def _bound_to(names: Sequence[str]) -> bytes:
    return b"\0".join([b"mailman-pgp list key v1", *(name.encode() for name in names)])
