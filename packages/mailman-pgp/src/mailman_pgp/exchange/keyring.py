"""An owner brings the certificates of many people at once: each is matched to the person on the list whose address it names.

What comes of each is decided as `mailman_pgp.exchange.adding.add` decides it, with the same trust, but that none ever takes the
place of another one, nor ends that one was suspended: that is done for one person, by their name.  A keyring is read twice (in the worker process, and what
is stored joined with it), and costs as many statements for one certificate as for five hundred, apart from those that are news;
so it takes time as it is long.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from public import public

from mailman_pgp import openpgp
from mailman_pgp.exchange import changing, waiting
from mailman_pgp.exchange.telling import is_told
from mailman_pgp.keys import bulk, journal, suspensions
from mailman_pgp.keys.journal import Act
from mailman_pgp.keys.registry import ChoiceState
from mailman_pgp.lists import membership
from mailman_pgp.model.database import now
from mailman_pgp.openpgp import Certificate, CertificateError, InKeyring
from mailman_pgp.overview import reasons

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mailman_pgp.keys.journal import Actor
    from mailman_pgp.keys.registry import Choice
    from mailman_pgp.lists.membership import OnList


@public
class Fate(StrEnum):
    """What became of a certificate of a keyring, or would become of it."""

    TAKEN = "taken"  # it counts for somebody who had none
    UPDATED = "updated"  # it was known, and this copy says more
    SAME = "same"  # it was known, and this copy says nothing new
    RECORDED = "recorded"  # it counted, and can't be used any more
    REFUSED = "refused"


class Why(StrEnum):
    """Why one is refused, beside `CertificateProblem`."""

    NO_MEMBER = "no-member"
    NOT_VERIFIED = "address-not-verified"
    SEVERAL_MEMBERS = "several-members"
    SEVERAL_KEYS = "several-keys-for-one"
    ANOTHER = "another-certificate"
    SUSPENDED = "suspended"


@public
@dataclass(frozen=True, slots=True)
class Line:
    """What became of one certificate.

    :ivar fingerprint: Empty where it can't be read.
    :ivar user_ids: As it shows them.
    :ivar addresses: Those on the list for which it counts, or is refused; sorted.
    :ivar code: Why, where it is not used: a `Why` or a `CertificateProblem`; empty where it is.
    :ivar source: Where it is from, where there are several places.
    """

    fingerprint: str
    user_ids: tuple[str, ...]
    addresses: tuple[str, ...]
    fate: Fate
    sentence: str
    code: str = ""
    source: str = ""


@public
@dataclass(frozen=True, slots=True)
class Brought:
    """What became of a keyring.

    :ivar without: The members who have no certificate that can be used, sorted.
    :ivar written: Whether anything was to be written; else it is what would become of it.
    """

    lines: tuple[Line, ...]
    without: tuple[str, ...]
    written: bool

    def number(self, fate: Fate) -> int:
        """How many certificates had this fate."""
        return sum(line.fate is fate for line in self.lines)


@dataclass(frozen=True, slots=True)
class _Place:
    """The list as it was found.

    :ivar stored: What is stored of the keyring's certificates, by fingerprint.
    :ivar chosen: What is chosen now, by address.
    :ivar holders: The same of the certificates of the keyring, by fingerprint.
    :ivar suspended: What was suspended on the list, also before its person has left it or has got another key; by fingerprint.
    """

    mlist: Any
    people: Mapping[str, OnList]
    stored: Mapping[str, bytes]
    chosen: Mapping[str, Choice]
    holders: Mapping[str, list[Choice]]
    suspended: set[str]


@dataclass(slots=True)
class _Work:
    """What is to be written."""

    new: list[Certificate] = field(default_factory=list)
    renewed: list[Certificate] = field(default_factory=list)
    revoked: set[str] = field(default_factory=set)
    chosen: dict[str, str] = field(default_factory=dict)
    approved: dict[str, str] = field(default_factory=dict)


@public
def bring(mlist: Any, found: Sequence[InKeyring], actor: Actor, *, all_or_nothing: bool = False) -> Brought:
    """Let the certificates of a keyring count; commits.

    :param found: As `mailman_pgp.openpgp.read_keyring` reads them.
    :param all_or_nothing: Whether nothing is written when one of them is refused.
    :raises mailman_pgp.keys.registry.RegistryError: when somebody else has changed the same at the same moment.
    """
    lines, place, work = _planned(mlist, found)
    if all_or_nothing and any(line.fate is Fate.REFUSED for line in lines):
        return _unwritten(lines, place, work)
    _write(place, work, actor)
    waiting.after_change(mlist, *work.chosen)
    return Brought(lines, _without(mlist.list_id, place.people), written=True)


@public
def rehearse(mlist: Any, found: Sequence[InKeyring]) -> Brought:
    """What would become of them; nothing is written."""
    return _unwritten(*_planned(mlist, found))


def _unwritten(lines: tuple[Line, ...], place: _Place, work: _Work) -> Brought:
    without = _without(place.mlist.list_id, place.people)
    return Brought(lines, tuple(address for address in without if address not in work.chosen), written=False)


def _without(list_id: str, people: Mapping[str, OnList]) -> tuple[str, ...]:
    served = bulk.served(list_id)
    return tuple(sorted(address for address, one in people.items() if one.member and address not in served))


def _planned(mlist: Any, found: Sequence[InKeyring]) -> tuple[tuple[Line, ...], _Place, _Work]:
    wanted = {one.fingerprint for one in found if one.fingerprint}
    chosen = bulk.choices(mlist.list_id)
    holders: dict[str, list[Choice]] = {}
    for choice in chosen:
        if choice.fingerprint in wanted:
            holders.setdefault(choice.fingerprint, []).append(choice)
    place = _Place(
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
    work = _Work()
    lines = (replace(_line(place, one, rivals, work), source=one.source) for one in known)
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


def _line(place: _Place, one: InKeyring, rivals: Mapping[str, int], work: _Work) -> Line:
    known = one.certificate
    if known is None:
        assert one.problem is not None
        return Line(one.fingerprint, (), (), Fate.REFUSED, str(CertificateError(one.problem)), one.problem)
    news = _note_news(place, known, work)
    blank = Line(known.fingerprint, tuple(user_id.text for user_id in known.user_ids), (), Fate.REFUSED, "")
    if holders := place.holders.get(known.fingerprint):
        return _held(blank, known, holders, work, news=news)
    return _matched(place, blank, known, rivals, work)


def _note_news(place: _Place, known: Certificate, work: _Work) -> bool:
    """Whether a certificate that is stored is more than that now; what its key says is true whoever brings it."""
    before = place.stored.get(known.fingerprint)
    if before is None or before == known.data:
        return False
    work.renewed.append(known)
    if known.revoked and not openpgp.inspect(before).revoked:
        work.revoked.add(known.fingerprint)
    return True


def _held(blank: Line, known: Certificate, holders: Sequence[Choice], work: _Work, *, news: bool) -> Line:
    """What becomes of one that is chosen on the list already."""
    addresses = tuple(choice.address for choice in holders)
    line, names = replace(blank, addresses=addresses), ", ".join(addresses)
    if known.usability.problem is not None:
        reason = reasons.unserved(known.usability.problem)
        return replace(
            line,
            fate=Fate.RECORDED if news else Fate.SAME,
            code=known.usability.problem,
            sentence=f"It is chosen for {names}, and can't be used: {reason.words}. {reason.mend}",
        )
    suspended = [choice.address for choice in holders if choice.state is ChoiceState.SUSPENDED]
    if suspended:
        return replace(
            line,
            code=Why.SUSPENDED,
            sentence=f"It is suspended for {', '.join(suspended)}, and stays so until an owner lets it count again.",
        )
    # As an owner who adds it: what its person has proved is approved from now on.
    work.approved.update(
        {choice.address: choice.fingerprint for choice in holders if choice.state is ChoiceState.PROVEN}
    )
    if news:
        return replace(line, fate=Fate.UPDATED, sentence=f"A newer copy of the key that counts for {names}.")
    return replace(line, fate=Fate.SAME, sentence=f"It counts for {names} already.")


def _matched(place: _Place, blank: Line, known: Certificate, rivals: Mapping[str, int], work: _Work) -> Line:
    """What becomes of one that nobody on the list has."""
    addresses = tuple(sorted(known.addresses.intersection(place.people)))
    line = replace(blank, addresses=addresses)
    if known.addresses and not addresses:
        sentence = (
            f"Nobody on {place.mlist.fqdn_listname} has one of its addresses: {', '.join(sorted(known.addresses))}."
        )
        return replace(line, code=Why.NO_MEMBER, sentence=sentence)
    if known.usability.problem is not None:
        problem = known.usability.problem
        return replace(line, code=problem, sentence=str(CertificateError(problem)))
    if not addresses:
        return replace(line, code=Why.NO_MEMBER, sentence="It has no mail address by which somebody could be found.")
    if len(addresses) > 1:
        sentence = (
            f"Several on {place.mlist.fqdn_listname} have its addresses: {', '.join(addresses)}. Add it for each of them, if it "
            "is theirs."
        )
        return replace(line, code=Why.SEVERAL_MEMBERS, sentence=sentence)
    if known.fingerprint in place.suspended:
        sentence = "It was suspended on this list before. Add it by itself, if it is to count again."
        return replace(line, code=Why.SUSPENDED, sentence=sentence)
    (address,) = addresses
    if not place.people[address].verified:
        sentence = f"Mailman does not know that {address} reads mail there. Let them confirm it, or add it by itself."
        return replace(line, code=Why.NOT_VERIFIED, sentence=sentence)
    if address in place.chosen:
        sentence = f"Another key is chosen for {address}, and stays so. Replace it by itself, if that is meant."
        return replace(line, code=Why.ANOTHER, sentence=sentence)
    if rivals[address] > 1:
        sentence = f"There are several keys for {address} in this keyring. Add the one that counts by itself."
        return replace(line, code=Why.SEVERAL_KEYS, sentence=sentence)
    work.chosen[address] = known.fingerprint
    if known.fingerprint not in place.stored:
        work.new.append(known)
    return replace(line, fate=Fate.TAKEN, sentence=f"It counts for {address}.")


def _write(place: _Place, work: _Work, actor: Actor) -> None:
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


@public
def as_data(found: Brought) -> dict[str, Any]:
    """What became of a keyring, or would, as data for programs."""
    return {
        "dry_run": not found.written,
        "numbers": {fate.value: found.number(fate) for fate in Fate},
        "certificates": [
            {
                "fingerprint": line.fingerprint or None,
                "user_ids": list(line.user_ids),
                "addresses": list(line.addresses),
                "outcome": line.fate,
                "code": line.code or None,
                "words": line.sentence,
                **({"file": line.source} if line.source else {}),
            }
            for line in found.lines
        ],
        "without": list(found.without),
    }
