"""To whom something may be encrypted, looked up at the moment of delivery."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from public import public
from sqlalchemy import bindparam, func, or_, select

from mailman_pgp.keys import registry, upkeep
from mailman_pgp.model.database import now, store
from mailman_pgp.model.tables import Choice, StoredCertificate
from mailman_pgp.openpgp import Kept, Recipient

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Collection, Mapping, Sequence

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
_READ = select(
    _stored.c.fingerprint, func.coalesce(_stored.c.compact, _stored.c.data), _stored.c.recipients, _stored.c.seipd
).where(_stored.c.fingerprint.in_(bindparam("fingerprints", expanding=True)))
_NAMED = select(_stored.c.fingerprint).where(_stored.c.fingerprint.in_(bindparam("fingerprints", expanding=True)))
_NAMED_JUDGED = _NAMED.add_columns(_stored.c.updated, _stored.c.judged).where(
    _stored.c.usable, or_(_stored.c.usable_until.is_(None), _stored.c.usable_until > bindparam("at"))
)


class _Certificate(NamedTuple):
    """What the fan-out needs of one."""

    data: bytes
    recipients: tuple[str, ...]
    seipd: int


# When a certificate was changed, and when it was judged last: that tells the form that it has now from those before.
_Version: TypeAlias = "tuple[dt.datetime, dt.datetime | None]"

# Certificates in the form that they have now, by fingerprint, so that a post to a list whose members were served before
# reads none.  In bytes: 40,000 of the usual ones.
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
    chosen: dict[str, str] = {}
    versions: dict[str, _Version] = {}
    problems: dict[str, str] = {}
    for address in addresses:
        row = rows.get(address.lower())
        if row is None:
            problems[address] = "no-certificate"
            continue
        # All at once: a row looks up each name anew, which takes as long as all else that is done here.
        _, state, fingerprint, updated, until, usable, problem, judged, _ = row
        if problem := problem_of(state, problem, usable=usable, until=until, at=at):
            problems[address] = problem
        else:
            chosen[address] = fingerprint
            versions[fingerprint] = updated, judged
    certificates = _certificates_of(versions)
    recipients = []
    for address, fingerprint in chosen.items():
        certificate = certificates.get(fingerprint)
        if certificate is None:  # removed at this very moment
            problems[address] = "no-certificate"
        else:
            recipients.append(Recipient(address, *certificate, fingerprint))
    return Lookup(tuple(recipients), problems)


@public
def usable(fingerprints: Collection[str]) -> dict[str, Recipient]:
    """What can be encrypted to now of some stored certificates, whether they count for anybody or not; by fingerprint.

    For readers who are not looked up by what counts for them; their address is to be filled in.
    """
    at = now()
    due = list(store().scalars(_NAMED.where(upkeep.DUE), {"fingerprints": list(fingerprints), **upkeep.due_times(at)}))
    if due:
        upkeep.judge_again(due)
    rows = store().execute(_NAMED_JUDGED, {"fingerprints": list(fingerprints), "at": at})
    versions = {fingerprint: (updated, judged) for fingerprint, updated, judged in rows}
    return {
        fingerprint: Recipient("", *certificate, fingerprint)
        for fingerprint, certificate in _certificates_of(versions).items()
    }


def _chosen(list_id: str, addresses: Sequence[str], at: dt.datetime) -> dict[str, Row[Any]]:
    """What is chosen on a list now, by address; for many addresses also what was not asked for."""
    given = {"list_id": list_id, **upkeep.due_times(at)}
    if len(addresses) > _NAMED_AT_MOST:
        result = store().execute(_CHOSEN, given)
    else:
        named = [address.lower() for address in addresses]
        result = store().execute(_CHOSEN_BY_ADDRESS, given | {"addresses": named})
    return {row[0]: row for row in result.all()}


@public
def problem_of(state: str, problem: str | None, *, usable: bool, until: dt.datetime | None, at: dt.datetime) -> str:
    """Why nothing can be encrypted to what was found for an address; empty when it can.

    :param state: Of what is chosen.
    :param problem: What stands against its certificate, judged when due; with whether it is `usable`, and `until` when.
    """
    if state not in registry.COUNTING:
        return state
    if not usable or (until is not None and until <= at):
        return problem or "expired"
    return ""


def _certificates_of(wanted: Mapping[str, _Version]) -> dict[str, _Certificate]:
    """The certificates themselves, by fingerprint; from the process's cache where they did not change."""
    found: dict[str, _Certificate] = {}
    fingerprints = []
    for fingerprint, version in wanted.items():
        known = _certificates.get(fingerprint)
        if known is None or known[0] != version:
            fingerprints.append(fingerprint)
        else:
            found[fingerprint] = known[1]
    for start in range(0, len(fingerprints), _NAMED_AT_MOST):
        part = fingerprints[start : start + _NAMED_AT_MOST]
        for fingerprint, data, recipients, seipd in store().execute(_READ, {"fingerprints": part}):
            found[fingerprint] = certificate = _Certificate(data, tuple(recipients.split()), seipd)
            _certificates.put(fingerprint, (wanted[fingerprint], certificate), len(data) + _OVERHEAD)
    return found
