"""What members certify of their list's certificate: kept, and handed out with it.

A certification is handed out while the key that made it counts for the address that brought it: not when that is suspended,
replaced or revoked, and no longer than the person stays.  Only statements are used, no mapped objects, and the caller commits.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import and_, delete, exists, func, or_, select, update

from mailman_pgp.i18n import _
from mailman_pgp.keys import vault
from mailman_pgp.keys.registry import COUNTING
from mailman_pgp.model import tables
from mailman_pgp.model.database import insert_once, now, store
from mailman_pgp.openpgp import Certification, Tag, walk, with_certifications, with_vouching

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable

#: How many a list key may have, one for each signer and user ID: each is a part of what everybody gets.
MOST = 200

_row: Any = tables.Certification.__table__


class NoRoomError(Exception):
    """A list key has as many certifications as it may have; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Held:
    """A certification that is handed out, and who brought it when (naive UTC)."""

    address: str
    since: dt.datetime
    certification: Certification


def add(list_id: str, address: str, found: Iterable[Certification]) -> list[Certification]:
    """Keep certifications of a list's current certificate that its member `address` brought; return those that are news.

    The newest word of a signer on a user ID counts, so nobody brings back what was revoked.  A revocation of what is not
    there is none of our business.  An address has one signer: what it brought by another key goes.

    :param found: From `mailman_pgp.openpgp.certifications`, all by one signer, whose key counts for the address.
    :raises NoRoomError: when there are too many; then roll back, or keep those that are in already.
    :raises mailman_pgp.keys.vault.VaultError: when the list has no key.
    """
    key, address = vault.certificate(list_id).fingerprint, address.lower()
    found = list(found)
    signers = {one.signer for one in found}
    store().execute(delete(_row).where(_row.c.key == key, _row.c.address == address, _row.c.signer.not_in(signers)))
    return [one for one in found if _keep(list_id, key, address, one)]


def of(list_id: str) -> list[Held]:
    """The certifications that are handed out with a list's current certificate, in the order of signers and user IDs."""
    return _of(vault.certificate(list_id))


def by_signer(list_id: str) -> dict[str, Held]:
    """The keys whose certifications are handed out, by their fingerprints, each with the latest of them."""
    held = sorted(of(list_id), key=lambda one: one.since)
    return {one.certification.signer: one for one in held if not one.certification.revokes}


def certified(list_id: str) -> vault.ListCertificate:
    """The certificate of a list's current key as it is handed out, with its certifications, and that of the key before.

    :raises mailman_pgp.keys.vault.VaultError: when the list has none.
    """
    own = vault.certificate(list_id)
    handed = with_certifications(own.certificate, (one.certification for one in _of(own)))
    return replace(own, certificate=with_former(replace(own, certificate=handed)))


def with_former(one: vault.ListCertificate) -> bytes:
    """The certificate (binary) of any key of a list with what the key before it has certified."""
    return with_vouching(one.certificate, one.vouched or b"")


def remove(list_id: str, signer: str) -> int:
    """Hand out no certification of any key of a list by `signer` (a fingerprint) any more; return how many there were."""
    statement = delete(_row).where(_row.c.list_id == list_id, _row.c.signer == signer)
    return int(cast("Any", store().execute(statement)).rowcount)


def _keep(list_id: str, key: str, address: str, one: Certification) -> bool:
    place = {"key": key, "signer": one.signer, "user_id": _digest(one.user_id)}
    here = and_(*(_row.c[name] == value for name, value in place.items()))
    told = {"address": address, "data": one.data, "made": one.made, "revokes": one.revokes, "since": now()}
    older = _row.c.made < one.made
    if one.revokes:
        older = or_(older, and_(_row.c.made == one.made, ~_row.c.revokes))
    if cast("Any", store().execute(update(_row).where(here, older).values(**told))).rowcount:
        return True
    if one.revokes or store().scalar(select(exists().where(here))):
        return False
    if (store().scalar(select(func.count()).where(_row.c.key == key)) or 0) >= MOST:
        raise NoRoomError(
            _(
                "The list's certificate has {most} certifications, and can't have more. Ask the list's owners to remove some "
                "(`mailman pgp list-key uncertify`)."
            ).format(most=MOST)
        )
    return insert_once(tables.Certification, **place, **told, list_id=list_id)


def _of(own: vault.ListCertificate) -> list[Held]:
    choice, stored = tables.Choice, tables.StoredCertificate
    counts = exists().where(
        choice.list_id == _row.c.list_id,
        choice.address == _row.c.address,
        choice.fingerprint == _row.c.signer,
        choice.until.is_(None),
        choice.state.in_(COUNTING),
        stored.fingerprint == choice.fingerprint,
        ~stored.revoked,
    )
    query = select(_row).where(_row.c.list_id == own.list_id, _row.c.key == own.fingerprint, counts)
    rows = store().execute(query.order_by(_row.c.signer, _row.c.user_id)).all()
    if not rows:
        return []
    texts = [packet.body.decode() for packet in walk(own.certificate) if packet.tag == Tag.USER_ID]
    user_ids = {_digest(text): text for text in texts}
    return [
        Held(
            row.address,
            row.since,
            Certification(row.data, user_ids[row.user_id], row.signer, row.made, row.revokes),
        )
        for row in rows
        if row.user_id in user_ids
    ]


def _digest(user_id: str) -> str:
    """What names a user ID in the database: it can be longer than a key of an index may be."""
    return hashlib.sha256(user_id.encode()).hexdigest()
