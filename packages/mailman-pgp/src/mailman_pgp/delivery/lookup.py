"""To whom something may be encrypted, looked up at the moment of delivery."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from public import public
from sqlalchemy import Select, select

from mailman_pgp.keys import registry
from mailman_pgp.model.database import now, store
from mailman_pgp.model.tables import Choice, StoredCertificate
from mailman_pgp.openpgp import Recipient

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Sequence

# A query names its addresses up to this number; for more it is cheaper to read all of the list.
_NAMED_AT_MOST = 500
# Certificates by fingerprint and time of change, so that a post to a list whose members were served before reads none.
_CACHED_AT_MOST = 20_000
_certificates: OrderedDict[tuple[str, dt.datetime], bytes] = OrderedDict()


@public
@dataclass(frozen=True, slots=True)
class Lookup:
    """Who can be encrypted to, and why the others can't: a reason for each, as the ledger records it."""

    recipients: tuple[Recipient, ...]
    problems: dict[str, str]


@public
def look_up(list_id: str, addresses: Sequence[str]) -> Lookup:
    """Find the certificate that counts for each address on one list, and whether it can be used now.

    :param addresses: As Mailman has them, in lower case.
    """
    registry.refresh_due(list_id)
    rows = {row.address: row for row in store().execute(_query(list_id, addresses))}
    usable, problems = [], {}
    at = now()
    for address in addresses:
        row = rows.get(address.lower())
        if row is None:
            problems[address] = "no-certificate"
        elif row.state not in registry.COUNTING:
            problems[address] = row.state
        elif not row.usable or (row.usable_until is not None and row.usable_until <= at):
            problems[address] = row.problem or "expired"
        else:
            usable.append((address, row))
    data = _data([(row.fingerprint, row.updated) for _, row in usable])
    return Lookup(
        recipients=tuple(
            Recipient(
                address=address,
                certificate=data[row.fingerprint],
                recipients=tuple(row.recipients.split()),
                seipd=row.seipd,
                fingerprint=row.fingerprint,
            )
            for address, row in usable
        ),
        problems=problems,
    )


def _query(list_id: str, addresses: Sequence[str]) -> Select[Any]:
    query = (
        select(
            Choice.address,
            Choice.state,
            StoredCertificate.fingerprint,
            StoredCertificate.updated,
            StoredCertificate.usable,
            StoredCertificate.usable_until,
            StoredCertificate.problem,
            StoredCertificate.seipd,
            StoredCertificate.recipients,
        )
        .join(StoredCertificate, StoredCertificate.fingerprint == Choice.fingerprint)
        .where(Choice.list_id == list_id, Choice.until.is_(None))
    )
    if len(addresses) <= _NAMED_AT_MOST:
        query = query.where(Choice.address.in_([address.lower() for address in addresses]))
    return query


def _data(wanted: Iterable[tuple[str, dt.datetime]]) -> dict[str, bytes]:
    """The certificates themselves, from the process's cache where they did not change."""
    found: dict[str, bytes] = {}
    missing = []
    for key in wanted:
        if key in _certificates:
            _certificates.move_to_end(key)
            found[key[0]] = _certificates[key]
        else:
            missing.append(key[0])
    for start in range(0, len(missing), _NAMED_AT_MOST):
        part = missing[start : start + _NAMED_AT_MOST]
        query = select(StoredCertificate.fingerprint, StoredCertificate.updated, StoredCertificate.data)
        for fingerprint, updated, data in store().execute(query.where(StoredCertificate.fingerprint.in_(part))):
            found[fingerprint] = _certificates[fingerprint, updated] = data
    while len(_certificates) > _CACHED_AT_MOST:
        _certificates.popitem(last=False)
    return found
