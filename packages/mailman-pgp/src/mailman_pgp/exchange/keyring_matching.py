"""Each certificate of a keyring is matched to the person on the list whose address it names, and what becomes of it is decided.

It is decided as `mailman_pgp.exchange.adding.add` does, with the same trust, but that none ever takes the place of another
one, nor ends that one was suspended: that is done for one person, by their name.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from mailman_pgp import openpgp
from mailman_pgp.exchange.keyring_fates import Fate, Line, Why
from mailman_pgp.keys.registry import ChoiceState
from mailman_pgp.openpgp import Certificate, CertificateError, InKeyring
from mailman_pgp.overview import reasons

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mailman_pgp.keys.registry import Choice
    from mailman_pgp.lists.membership import OnList


@dataclass(frozen=True, slots=True)
class Place:
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
class Work:
    """What is to be written."""

    new: list[Certificate] = field(default_factory=list)
    renewed: list[Certificate] = field(default_factory=list)
    revoked: set[str] = field(default_factory=set)
    chosen: dict[str, str] = field(default_factory=dict)
    approved: dict[str, str] = field(default_factory=dict)


def line_of(place: Place, one: InKeyring, rivals: Mapping[str, int], work: Work) -> Line:
    """What becomes of a certificate; what is to be written for that goes into `work`.

    :param rivals: How many certificates of the keyring would be chosen for an address.
    """
    known = one.certificate
    if known is None:
        assert one.problem is not None
        return Line(one.fingerprint, (), (), Fate.REFUSED, str(CertificateError(one.problem)), one.problem)
    news = _note_news(place, known, work)
    blank = Line(known.fingerprint, tuple(user_id.text for user_id in known.user_ids), (), Fate.REFUSED, "")
    if holders := place.holders.get(known.fingerprint):
        return _held(blank, known, holders, work, news=news)
    return _matched(place, blank, known, rivals, work)


def _note_news(place: Place, known: Certificate, work: Work) -> bool:
    """Whether a certificate that is stored is more than that now; what its key says is true whoever brings it."""
    before = place.stored.get(known.fingerprint)
    if before is None or before == known.data:
        return False
    work.renewed.append(known)
    if known.revoked and not openpgp.inspect(before).revoked:
        work.revoked.add(known.fingerprint)
    return True


def _held(blank: Line, known: Certificate, holders: Sequence[Choice], work: Work, *, news: bool) -> Line:
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


def _matched(place: Place, blank: Line, known: Certificate, rivals: Mapping[str, int], work: Work) -> Line:
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
