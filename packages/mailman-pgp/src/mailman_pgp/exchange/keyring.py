"""An owner brings the certificates of many people at once.

A keyring is read twice (in the worker process, and what is stored joined with it), and costs as many statements for one certificate
as for five hundred, apart from those that are news; so it takes time as it is long.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from public import public

from mailman_pgp import openpgp
from mailman_pgp.exchange import changing, waiting
from mailman_pgp.exchange.keyring_fates import Brought, Fate, Line
from mailman_pgp.exchange.keyring_matching import Place, Work, line_of
from mailman_pgp.exchange.telling import is_told
from mailman_pgp.keys import bulk, journal, suspensions
from mailman_pgp.keys.journal import Act
from mailman_pgp.keys.registry import RegistryError
from mailman_pgp.lists import membership
from mailman_pgp.lists.encryption import one_at_a_time
from mailman_pgp.model.database import now

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mailman_pgp.keys.journal import Actor
    from mailman_pgp.keys.registry import Choice
    from mailman_pgp.lists.membership import OnList
    from mailman_pgp.openpgp import InKeyring


@public
def bring(mlist: Any, found: Sequence[InKeyring], actor: Actor, *, all_or_nothing: bool = False) -> Brought:
    """Let the certificates of a keyring count; commits.

    :param found: As `mailman_pgp.openpgp.read_keyring` reads them.
    :param all_or_nothing: Whether nothing is written when one of them is refused.
    :raises mailman_pgp.keys.registry.RegistryError: when somebody else has changed the same at the same moment, or the list was
        deleted, or is no longer encrypted.
    """
    lines, place, work = _planned(mlist, found)
    if all_or_nothing and any(line.fate is Fate.REFUSED for line in lines):
        return _unwritten(lines, place, work)
    if not one_at_a_time(mlist.list_id):
        # It would count again as soon as there is a list of this name.
        raise RegistryError("This is no encrypted list any more, so nothing was done.")
    _write(place, work, actor)
    waiting.after_change(mlist, *work.chosen)
    return Brought(lines, _without(mlist.list_id, place.people), written=True)


@public
def rehearse(mlist: Any, found: Sequence[InKeyring]) -> Brought:
    """What would become of them; nothing is written."""
    return _unwritten(*_planned(mlist, found))


def _unwritten(lines: tuple[Line, ...], place: Place, work: Work) -> Brought:
    without = _without(place.mlist.list_id, place.people)
    return Brought(lines, tuple(address for address in without if address not in work.chosen), written=False)


def _without(list_id: str, people: Mapping[str, OnList]) -> tuple[str, ...]:
    served = bulk.served(list_id)
    return tuple(sorted(address for address, one in people.items() if one.member and address not in served))


def _planned(mlist: Any, found: Sequence[InKeyring]) -> tuple[tuple[Line, ...], Place, Work]:
    wanted = {one.fingerprint for one in found if one.fingerprint}
    chosen = bulk.choices(mlist.list_id)
    holders: dict[str, list[Choice]] = {}
    for choice in chosen:
        if choice.fingerprint in wanted:
            holders.setdefault(choice.fingerprint, []).append(choice)
    place = Place(
        mlist=mlist,
        people=membership.people_on(mlist.list_id),
        stored=bulk.stored(wanted),
        chosen={choice.address: choice for choice in chosen},
        holders=holders,
        suspended=suspensions.suspended(mlist.list_id),
    )
    known = _joined(found, place.stored)
    # Of several keys for one person nobody knows which is meant; an old one that can't be used any more is not.
    rivals = Counter(
        address
        for one in known
        if one.certificate is not None and one.certificate.usability.usable and one.fingerprint not in holders
        for address in one.certificate.addresses
    )
    work = Work()
    lines = (replace(line_of(place, one, rivals, work), source=one.source) for one in known)
    return tuple(lines), place, work


def _joined(found: Sequence[InKeyring], stored: Mapping[str, bytes]) -> list[InKeyring]:
    """What is known of each now: what came, joined with what was known of it; or the problem where that can't be done."""
    differing = [
        (before, one.certificate.data)
        for one in found
        if one.certificate is not None and (before := stored.get(one.fingerprint)) not in {None, one.certificate.data}
    ]
    merged = iter(openpgp.merge_each([old for old, _ in differing], [new for _, new in differing]))
    return [
        one
        if one.certificate is None or stored.get(one.fingerprint) in {None, one.certificate.data}
        else replace(next(merged), fingerprint=one.fingerprint, source=one.source)
        for one in found
    ]


def _write(place: Place, work: Work, actor: Actor) -> None:
    """Write all of it, or raise.  Choices before certificates, as everywhere: PostgreSQL locks both."""
    list_id, at = place.mlist.list_id, now()
    bulk.approve(list_id, work.approved, actor.door.value, at)
    bulk.renew(place.stored, work.renewed, at)
    bulk.keep(work.new, at)
    bulk.choose(list_id, work.chosen, actor.door.value, at)
    news: dict[Act, dict[str, str]] = {
        Act.ADDED: work.chosen,
        Act.APPROVED: work.approved,
        Act.UPDATED: {},
        Act.REVOKED: {},
    }
    for choice in bulk.places({one.fingerprint for one in work.renewed}):
        act = Act.REVOKED if choice.fingerprint in work.revoked else Act.UPDATED
        if choice.list_id != list_id:
            changing.record_news(place.mlist, choice, act, actor)
        elif choice.address not in work.chosen:
            news[act][choice.address] = choice.fingerprint
    for act, whose in news.items():
        to_tell = place.people if is_told(act) else ()
        journal.write_each(list_id, whose, act, actor, to_tell=to_tell)
