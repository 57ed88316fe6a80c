"""Whether a key that a signature names is somebody's on a list; for the reason that is said where the signature is not their author's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, func, literal, select

from mailman_pgp import openpgp
from mailman_pgp.keys.registry import COUNTING
from mailman_pgp.keys.upkeep import made_by
from mailman_pgp.model.database import store
from mailman_pgp.model.tables import Choice, StoredCertificate

if TYPE_CHECKING:
    from sqlalchemy import Select

__all__ = ["owns_key"]

# So many certificates that hold the bytes are looked into: there is one, unless somebody has made theirs to name another's key.
_LOOKED_INTO = 10


def owns_key(list_id: str, issuer: str) -> bool:
    """Whether a certificate that counts for anybody on a list has this key, as its primary key or as one that signs for it.

    :param issuer: A fingerprint or a key ID in upper-case hex, as signatures claim them.
    """
    primary = _counting(select(Choice.id), list_id).where(made_by(Choice.fingerprint, issuer))
    return store().execute(primary.limit(1)).first() is not None or _owns_subkey(list_id, issuer)


def _owns_subkey(list_id: str, issuer: str) -> bool:
    try:
        sought = bytes.fromhex(issuer)
    except ValueError:
        return False
    # No column names subkeys that sign.  But each of them has signed its binding, and so stands in the certificate by its name.
    query = _counting(select(StoredCertificate.data), list_id).where(
        StoredCertificate.fingerprint == Choice.fingerprint, _holds(StoredCertificate.data, sought)
    )
    found = store().scalars(query.limit(_LOOKED_INTO)).all()
    return any(issuer in openpgp.key_names(data) for data in found)


def _counting(query: Select[Any], list_id: str) -> Select[Any]:
    return query.where(Choice.list_id == list_id, Choice.until.is_(None), Choice.state.in_(COUNTING))


def _holds(column: Any, sought: bytes) -> ColumnElement[bool]:
    """The condition that a column of bytes holds these somewhere."""
    if store().get_bind().dialect.name == "sqlite":
        return func.instr(column, sought) > 0
    return func.position(literal(sought).op("IN")(column)) > 0
