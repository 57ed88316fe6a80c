"""The stored certificates: one row each, merged with what comes later, their usability kept up to date."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, and_, func, or_, select, update

from mailman_pgp import openpgp
from mailman_pgp.model import tables
from mailman_pgp.model.database import insert_once, now, store

if TYPE_CHECKING:
    from collections.abc import Iterable

_KEY_ID_LENGTH = 16
_V4_LENGTH = 40
# A usability that its own computation calls outdated already is looked at again after this time, not at once.
_LOOK_AGAIN = dt.timedelta(minutes=10)


def keep(certificate: openpgp.Certificate, at: dt.datetime) -> None:
    """Store a certificate, or `learn` what it says; the caller commits.

    :param at: The present, naive UTC.
    :raises mailman_pgp.openpgp.OpenPGPError: when it can't be merged with what is stored.
    """
    stored = tables.StoredCertificate
    fixed = {
        "fingerprint": certificate.fingerprint,
        "version": certificate.version,
        "algorithm": certificate.algorithm,
        "created": certificate.created,
    }
    if not insert_once(stored, **fixed, **_columns(certificate), data=certificate.data, updated=at):
        learn(certificate, at)


def learn(certificate: openpgp.Certificate, at: dt.datetime) -> openpgp.Certificate | None:
    """Merge a certificate into the stored one; return what is known then, None when it is not stored (nor is it then).

    What a key says of itself is signed by it, so it is true on every list, whoever brings it: that it is revoked, say.

    :param at: The present, naive UTC.
    :raises mailman_pgp.openpgp.OpenPGPError: when it can't be merged with what is stored.
    """
    stored = tables.StoredCertificate
    # Locked (on PostgreSQL), as another process may be merging something else into it.
    query = select(stored.data).where(stored.fingerprint == certificate.fingerprint).with_for_update()
    old = store().execute(query).scalar_one_or_none()
    if old is None:
        return None
    if old == certificate.data:
        return certificate
    merged = openpgp.merge(old, certificate.data)
    store().execute(
        update(stored)
        .where(stored.fingerprint == certificate.fingerprint)
        .values(**_columns(merged), data=merged.data, updated=at)
    )
    return merged


def known_by(names: Iterable[str]) -> list[bytes]:
    """The stored certificates (binary) whose primary key has one of these names, each a fingerprint or a key ID."""
    stored = tables.StoredCertificate
    fits = [made_by(stored.fingerprint, name) for name in names]
    return list(store().scalars(select(stored.data).where(or_(*fits)))) if fits else []


def made_by(fingerprint: Any, issuer: str) -> ColumnElement[bool]:
    """The condition that a column of fingerprints names the primary key `issuer`, a fingerprint or a key ID."""
    if len(issuer) != _KEY_ID_LENGTH:
        return or_(fingerprint == issuer)
    # RFC 9580 §5.5.4: the end of a version 4 fingerprint, the beginning of a version 6 one.
    is_v4 = func.length(fingerprint) == _V4_LENGTH
    return or_(
        and_(is_v4, fingerprint.endswith(issuer, autoescape=True)),
        and_(~is_v4, fingerprint.startswith(issuer, autoescape=True)),
    )


def refresh_due(list_id: str | None = None, at: dt.datetime | None = None) -> int:
    """Compute the usability again where it was only valid until now; return for how many certificates.

    :param list_id: Only for what is chosen on this list; None for all.
    :param at: The present, naive UTC; the time of the call when not given.
    """
    at = at or now()
    stored = tables.StoredCertificate
    query = select(stored.fingerprint, stored.data).where(stored.usable_until <= at)
    if list_id is not None:
        # Correlated: databases then begin with the few that are due, found by their index, instead of with the members.
        chosen = select(tables.Choice.id).where(
            tables.Choice.fingerprint == stored.fingerprint,
            tables.Choice.list_id == list_id,
            tables.Choice.until.is_(None),
        )
        query = query.where(chosen.exists())
    due = store().execute(query).all()
    for fingerprint, data in due:
        values = _usability(data)
        if values["usable_until"] is not None and values["usable_until"] <= at:
            values["usable_until"] = at + _LOOK_AGAIN
        store().execute(update(stored).where(stored.fingerprint == fingerprint).values(**values))
    return len(due)


def _usability(data: bytes) -> dict[str, Any]:
    try:
        return _columns(openpgp.inspect(data))
    except openpgp.CertificateError as error:
        # Stored certificates were whole: it is the library that accepts them no longer.
        return {"usable": False, "problem": error.problem.value, "usable_until": None}


def _columns(certificate: openpgp.Certificate) -> dict[str, Any]:
    """What may change in a certificate over time, and with its updates."""
    usability = certificate.usability
    return {
        "expires": certificate.expires,
        "revoked": certificate.revoked,
        "usable": usability.usable,
        "problem": None if usability.problem is None else usability.problem.value,
        "usable_until": usability.until,
        "seipd": usability.seipd,
        "recipients": " ".join(usability.recipients),
    }
