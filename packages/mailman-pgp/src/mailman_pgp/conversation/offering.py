"""A person brings a key of their own by another door than mail, where it means what it means by mail, and not more.

A key that is to count for them is asked about by a message that is encrypted to it and goes to their mailbox: so whoever uses that
door in their name, and has neither, changes nothing.  In place of another key it comes by a moderator's word, since that one has
signed nothing here (`key change`).  What a key has signed itself counts at once, whoever brings it (`key refresh`, `key revoke`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from public import public

from mailman_pgp import openpgp
from mailman_pgp.conversation import key_changes
from mailman_pgp.conversation.brought import revoked_by, same
from mailman_pgp.conversation.commanded import data_of
from mailman_pgp.conversation.commands import COMMANDS, Run
from mailman_pgp.conversation.grammar import Spoken
from mailman_pgp.conversation.offers import ask_about, offers_of
from mailman_pgp.events.kinds import KeyOfferedEvent
from mailman_pgp.events.notifying import notify
from mailman_pgp.exchange import changing
from mailman_pgp.exchange.adding import unusable_sentence
from mailman_pgp.exchange.person import addresses_of_person
from mailman_pgp.exchange.refusals import Refusal
from mailman_pgp.keys import registry, vault
from mailman_pgp.keys.journal import Actor, Door
from mailman_pgp.keys.registry import ChoiceState
from mailman_pgp.lists.addresses import is_ours
from mailman_pgp.lists.encryption import one_at_a_time
from mailman_pgp.model.database import commit
from mailman_pgp.openpgp import Certificate, CertificateError, CertificateProblem
from mailman_pgp.overview import own

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mailman_pgp.keys.registry import StoredCertificate


@public
class Outcome(StrEnum):
    """What happens now."""

    ASKED = "asked"  # its person was asked, and it counts when they have answered, or a moderator decides then
    WAITS = "waits"  # it waits for a moderator
    COUNTS = "counts"  # it counted before, and nothing in it is new
    REFRESHED = "refreshed"  # it counted before, and what is new in it was recorded
    REVOKED = "revoked"  # it counted before, and counts no more, as it says itself
    RECORDED = "recorded"  # what a key says of itself was recorded, if that is known here


@public
@dataclass(frozen=True, slots=True)
class Offered:
    """What became of a key that was brought.

    :ivar certificate: The key, as it is known now; None where only a revocation came, of a key that is not the person's here.
    :ivar replaces: Of one that was `ASKED` about or `WAITS`: the fingerprint that it is to take the place of; empty for none.
    """

    outcome: Outcome
    address: str
    certificate: Certificate | None = None
    replaces: str = ""

    @property
    def sentence(self) -> str:
        """What happens now, for the person."""
        return _SENTENCES[self.outcome, bool(self.replaces)].format(address=self.address)


_ASKED = (
    "An encrypted message goes to {address}. Open it with this key, and answer it with yes on a line of its own, encrypted and "
    "signed with this key: "
)
_WAITS = "You have answered for this key already. A moderator decides whether it counts, and you are told."
_SENTENCES = {
    (Outcome.ASKED, False): _ASKED + "then it counts.",
    (Outcome.ASKED, True): _ASKED
    + "then a moderator decides whether it takes the place of your key until now. Until then nothing is changed.",
    (Outcome.WAITS, False): _WAITS,
    (Outcome.WAITS, True): _WAITS,
    (Outcome.COUNTS, False): "This key counts for you already, and nothing in this copy is new.",
    (Outcome.REFRESHED, False): "This key counts for you already. What is new in this copy counts from now on.",
    (Outcome.REVOKED, False): "Your key is revoked, as it says itself, and counts no more. Send another one.",
    (Outcome.RECORDED, False): "What the key says of itself counts from now on, if the list knows that key.",
}


@public
def offer(mlist: Any, address: str, data: bytes, by: str = "") -> Offered:
    """Take a key that a person brings for themselves, or a revocation; what a key says of itself is committed at once.

    :param address: Whose it is to be, in lower case.
    :param data: Binary or armored.
    :param by: The address of whoever acts, where that is not the person.
    :raises Refusal: when it is refused.
    :raises mailman_pgp.openpgp.OpenPGPError: when it can't be read, merged or used.
    """
    if is_ours(address):
        raise Refusal("address-of-a-list", f"{address} is an address of a mailing list, which has no key of a person.")
    try:
        certificate = openpgp.read_certificate(data)
    except CertificateError as error:
        if error.problem is not CertificateProblem.ONLY_REVOCATION:
            raise
        revoked = revoked_by(openpgp.read_revocation(data))
        return _told_of_itself(mlist, address, revoked, registry.chosen(mlist.list_id, address), by)
    before = registry.chosen(mlist.list_id, address)
    if certificate.fingerprint in vault.fingerprints(mlist.list_id):
        raise Refusal("key-of-the-list", "This is the list's own key. Send your own public key.")
    if certificate.revoked:
        return _told_of_itself(mlist, address, [certificate], before, by)
    if before is not None and same(before.fingerprint, certificate.fingerprint):
        return _refreshed(mlist, address, certificate, before, by)
    try:
        openpgp.require_usable(certificate, address)
    except CertificateError as error:
        raise Refusal(error.problem, unusable_sentence(address, certificate, error)) from error
    # Brought twice at the same moment, it is asked about once.
    one_at_a_time(mlist.list_id)
    before = registry.chosen(mlist.list_id, address)
    if before is not None and same(before.fingerprint, certificate.fingerprint):
        return _refreshed(mlist, address, certificate, before, by)
    return _asked(mlist, address, certificate, before)


def _told_of_itself(
    mlist: Any, address: str, revoked: Sequence[Certificate], before: StoredCertificate | None, by: str
) -> Offered:
    """Record that keys are revoked.  Of others than the person's own it is not said whether they are known."""
    mine = None
    for certificate in revoked:
        is_own = before is not None and same(before.fingerprint, certificate.fingerprint)
        # Who brings somebody else's is nobody's business: only the key itself can have said it.
        known = changing.learn(certificate, _actor(address, by) if is_own else Actor(Door.SITE), mlist)
        mine = known if is_own else mine
    commit()
    return Offered(Outcome.RECORDED if mine is None else Outcome.REVOKED, address, mine)


def _refreshed(mlist: Any, address: str, certificate: Certificate, before: StoredCertificate, by: str) -> Offered:
    known = changing.learn(certificate, _actor(address, by), mlist) or certificate
    commit()
    try:
        openpgp.require_usable(known, address)
    except CertificateError as error:
        if certificate.usability.usable and not known.usability.usable:
            stands = own.standing(error.problem)
            raise Refusal(
                error.problem,
                f"An earlier copy of this key says more than this one: {stands.words}. {stands.next_step}",
            ) from error
        raise Refusal(error.problem, unusable_sentence(address, known, error)) from error
    if before.choice.state is ChoiceState.SUSPENDED:
        raise Refusal("suspended", "The owners of this list have suspended your key. Write to them.")
    return Offered(Outcome.COUNTS if known.data == before.data else Outcome.REFRESHED, address, known)


def _actor(address: str, by: str) -> Actor:
    """Who has brought news of somebody's key: themselves, where they act by another address of theirs, too."""
    return Actor(Door.REST, by if by and by not in addresses_of_person(address) else address)


def _asked(mlist: Any, address: str, certificate: Certificate, before: StoredCertificate | None) -> Offered:
    """Ask about a key that does not count; once, however often it is brought."""
    name = "key set" if before is None else "key change"
    found = Offered(Outcome.ASKED, address, certificate, "" if before is None else before.fingerprint)
    waiting = [one for one in key_changes.waiting_at(mlist, address) if not one.outdated]
    if any(same(one.certificate.fingerprint, certificate.fingerprint) for one in waiting):
        return replace(found, outcome=Outcome.WAITS)
    open_ones = [one for one in offers_of(mlist, address) if one.does(name)]
    if any(same(one.certificate.fingerprint, certificate.fingerprint) for one in open_ones):
        return found
    run = Run(mlist, address, offered=certificate)
    data = data_of([Spoken(COMMANDS[name])], run, counting="", old="")
    ask_about(mlist, address, certificate, data, signed_by=[certificate.fingerprint])
    notify(KeyOfferedEvent(mlist.list_id, address, certificate.fingerprint, "proof"))
    return found
