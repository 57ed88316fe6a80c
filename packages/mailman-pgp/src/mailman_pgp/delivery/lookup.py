"""To whom something may be encrypted, looked up at the moment of delivery."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from public import public
from sqlalchemy import bindparam, select

from mailman_pgp.keys import registry, upkeep
from mailman_pgp.model.database import now, store
from mailman_pgp.model.tables import Choice, StoredCertificate
from mailman_pgp.openpgp import Kept, Recipient

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Sequence

    from sqlalchemy import Row

# A query names its addresses up to this number; for more it is cheaper to read all of the list.
_NAMED_AT_MOST = 500

# The tables themselves: their rows pass by the mapping of objects.
_choice: Any = Choice.__table__
_stored: Any = StoredCertificate.__table__
# The statements are made once: the library works out what a statement is, each time that it is given a new one.
_CHOSEN = (
    select(
        _choice.c.address,
        _choice.c.state,
        _stored.c.fingerprint,
        _stored.c.updated,
        _stored.c.usable_until,
        _stored.c.usable,
        _stored.c.problem,
        _stored.c.judged,
        upkeep.DUE.label("due"),
    )
    .join_from(_choice, _stored, _stored.c.fingerprint == _choice.c.fingerprint)
    .where(_choice.c.list_id == bindparam("list_id"), _choice.c.until.is_(None))
)
_CHOSEN_BY_ADDRESS = _CHOSEN.where(_choice.c.address.in_(bindparam("addresses", expanding=True)))
_READ = select(_stored.c.fingerprint, _stored.c.data, _stored.c.recipients, _stored.c.seipd).where(
    _stored.c.fingerprint.in_(bindparam("fingerprints", expanding=True))
)


class _Version(NamedTuple):
    """A certificate in the form that it has now; `judged` tells one judgement of its usability from the next."""

    fingerprint: str
    updated: dt.datetime
    judged: dt.datetime | None


class _Certificate(NamedTuple):
    """What the fan-out needs of one."""

    data: bytes
    recipients: tuple[str, ...]
    seipd: int


# Certificates in the form that they have now, by fingerprint, so that a post to a list whose members were served before
# reads none.  In bytes: 20,000 of the usual ones.
_CACHED_BYTES = 64 * 2**20
_OVERHEAD = 1024
_certificates: Kept[str, tuple[_Version, _Certificate]] = Kept(_CACHED_BYTES)


@public
@dataclass(frozen=True, slots=True)
class Lookup:
    """Who can be encrypted to, and why the others can't: a reason for each, as the ledger records it."""

    recipients: tuple[Recipient, ...]
    problems: dict[str, str]

    def without(self, address: str) -> Lookup:
        """The same, but that nothing is to be encrypted to somebody; what speaks against it stays."""
        return Lookup(tuple(one for one in self.recipients if one.address.lower() != address), self.problems)


@public
def look_up(list_id: str, addresses: Sequence[str]) -> Lookup:
    """Find the certificate that counts for each address on one list, and whether it can be used now.

    :param addresses: As Mailman has them, in lower case.
    """
    at = now()
    rows = _chosen(list_id, addresses, at)
    due = [row.fingerprint for row in rows.values() if row.due]
    if due:
        upkeep.judge_again(due)
        rows = _chosen(list_id, addresses, at)
    versions: dict[str, _Version] = {}
    problems: dict[str, str] = {}
    for address in addresses:
        row = rows.get(address.lower())
        if row is None:
            problems[address] = "no-certificate"
        elif problem := problem_of(row, at):
            problems[address] = problem
        else:
            versions[address] = _Version(row.fingerprint, row.updated, row.judged)
    certificates = _certificates_of(versions.values())
    recipients = []
    for address, version in versions.items():
        certificate = certificates.get(version)
        if certificate is None:  # removed at this very moment
            problems[address] = "no-certificate"
        else:
            recipients.append(Recipient(address, *certificate, version.fingerprint))
    return Lookup(tuple(recipients), problems)


def _chosen(list_id: str, addresses: Sequence[str], at: dt.datetime) -> dict[str, Row[Any]]:
    """What is chosen on a list now, by address; for many addresses also what was not asked for."""
    given = {"list_id": list_id, **upkeep.due_times(at)}
    if len(addresses) > _NAMED_AT_MOST:
        result = store().execute(_CHOSEN, given)
    else:
        named = [address.lower() for address in addresses]
        result = store().execute(_CHOSEN_BY_ADDRESS, given | {"addresses": named})
    return {row.address: row for row in result}


@public
def problem_of(row: Row[Any], at: dt.datetime) -> str:
    """Why nothing can be encrypted to what was found for an address; empty when it can.

    :param row: With the `state` of what is chosen, and `usable`, `problem` and `usable_until` of its certificate, judged when due.
    """
    if row.state not in registry.COUNTING:
        return str(row.state)
    if not row.usable or (row.usable_until is not None and row.usable_until <= at):
        return row.problem or "expired"
    return ""


def _certificates_of(wanted: Iterable[_Version]) -> dict[_Version, _Certificate]:
    """The certificates themselves, from the process's cache where they did not change."""
    found: dict[_Version, _Certificate] = {}
    missing: dict[str, _Version] = {}
    for version in wanted:
        known = _certificates.get(version.fingerprint)
        if known is None or known[0] != version:
            missing[version.fingerprint] = version
        else:
            found[version] = known[1]
    fingerprints = list(missing)
    for start in range(0, len(fingerprints), _NAMED_AT_MOST):
        part = fingerprints[start : start + _NAMED_AT_MOST]
        for fingerprint, data, recipients, seipd in store().execute(_READ, {"fingerprints": part}):
            version = missing[fingerprint]
            found[version] = certificate = _Certificate(data, tuple(recipients.split()), seipd)
            _certificates.put(fingerprint, (version, certificate), len(data) + _OVERHEAD)
    return found
