"""The stored certificates: one row each, merged with what comes later, their usability kept up to date.

What is written of a certificate is only written over the form that it was found out from.  Finding out takes a while, and
another process may have merged a revocation meanwhile.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import ColumnElement, and_, bindparam, func, or_, select, update

from mailman_pgp import openpgp
from mailman_pgp.model import tables
from mailman_pgp.model.database import insert_once, now, store

if TYPE_CHECKING:
    from collections.abc import Iterable

_KEY_ID_LENGTH = 16
_V4_LENGTH = 40
_NAMED_AT_MOST = 500
# How long a judgement lasts, whatever it says: a new release of the library may judge otherwise.
_LASTS = dt.timedelta(days=30)
# One by which somebody gets nothing is doubted sooner.
_UNUSABLE_LASTS = dt.timedelta(days=1)
# A judgement from the future was made by a clock that was wrong.  Processes that work at the same time differ by less.
_AHEAD = dt.timedelta(minutes=1)

_stored: Any = tables.StoredCertificate.__table__
#: The condition that a stored certificate has to be judged again, with `due_times` for its parameters.
DUE = or_(
    _stored.c.judged.is_(None),
    _stored.c.judged > bindparam("due_ahead"),
    _stored.c.judged <= bindparam("due_long_ago"),
    and_(~_stored.c.usable, _stored.c.judged <= bindparam("due_unusable")),
    _stored.c.usable_until <= bindparam("due_now"),
)


@dataclass(frozen=True, slots=True)
class Learnt:
    """What is known of a key now.

    :ivar news: Whether some of it was not known before.
    :ivar revoked: Whether that it is revoked is of these news.
    """

    certificate: openpgp.Certificate
    news: bool
    revoked: bool


def due_times(at: dt.datetime) -> dict[str, dt.datetime]:
    """The parameters of `DUE` at the time `at` (naive UTC)."""
    return {
        "due_ahead": at + _AHEAD,
        "due_long_ago": at - _LASTS,
        "due_unusable": at - _UNUSABLE_LASTS,
        "due_now": at,
    }


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
    if not insert_once(stored, **fixed, **columns(certificate), data=certificate.data, updated=at, judged=at):
        learn(certificate, at)


def learn(certificate: openpgp.Certificate, at: dt.datetime) -> Learnt | None:
    """Merge a certificate into the stored one; None when there is none.  The caller commits.

    What a key says of itself is signed by it, so it is true on every list, whoever brings it: that it is revoked, say.
    `mailman_pgp.exchange.changing.learn` tells of it, too.  Of several processes that bring the same one has the news.

    :param at: The present, naive UTC.
    :raises mailman_pgp.openpgp.OpenPGPError: when it can't be merged with what is stored.
    """
    query = select(_stored.c.data, _stored.c.revoked).where(_stored.c.fingerprint == certificate.fingerprint)
    while (old := store().execute(query).first()) is not None:
        # Written also when there is nothing new: what is stored may have been judged by a clock that was wrong.
        known = certificate if old.data == certificate.data else openpgp.merge(old.data, certificate.data)
        if write(known.fingerprint, old.data, **columns(known), data=known.data, updated=at, judged=at):
            news = known.data != old.data
            return Learnt(known, news=news, revoked=news and known.revoked and not old.revoked)
    return None


def stored(fingerprint: str) -> bytes | None:
    """A stored certificate (binary) by its fingerprint."""
    found: bytes | None = store().scalar(select(_stored.c.data).where(_stored.c.fingerprint == fingerprint))
    return found


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


def judge_again(fingerprints: Iterable[str]) -> None:
    """Compute the usability of stored certificates again; the caller commits."""
    left = sorted(set(fingerprints))
    while left:
        part, left = left[:_NAMED_AT_MOST], left[_NAMED_AT_MOST:]
        query = select(_stored.c.fingerprint, _stored.c.data).where(_stored.c.fingerprint.in_(part))
        for fingerprint, data in store().execute(query).all():
            at = now()
            if not write(fingerprint, data, **_judgement(data), judged=at):
                left.append(fingerprint)


def write(fingerprint: str, found: bytes, **values: Any) -> bool:
    """Write what was found out of the form `found` of a certificate; False when it has another form by now."""
    statement = update(_stored).where(_stored.c.fingerprint == fingerprint, _stored.c.data == found)
    return bool(cast("Any", store().execute(statement.values(**values))).rowcount)


def _judgement(data: bytes) -> dict[str, Any]:
    try:
        found = openpgp.inspect(data)
    except openpgp.CertificateError as error:
        # Stored certificates were whole: it is the library that accepts them no longer.
        return {"usable": False, "problem": error.problem.value, "usable_until": None, "compact": None}
    # An earlier release kept what others had put into it.
    return {**columns(found), "data": found.data}


def columns(certificate: openpgp.Certificate) -> dict[str, Any]:
    """What may change in a stored certificate over time, and with its updates, by the names of the columns."""
    usability = certificate.usability
    return {
        "expires": certificate.expires,
        "revoked": certificate.revoked,
        "usable": usability.usable,
        "problem": None if usability.problem is None else usability.problem.value,
        "usable_until": usability.until,
        "seipd": usability.seipd,
        "recipients": " ".join(usability.recipients),
        "compact": certificate.compact or None,
    }
