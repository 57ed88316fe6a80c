"""Keys that people were asked about and have not answered for, whichever door they came by: seen, asked once more, taken back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from public import public

from mailman_pgp import openpgp
from mailman_pgp.conversation import key_changes, proving
from mailman_pgp.conversation.asking import challenge, must_sign, to_be_done
from mailman_pgp.conversation.commanded import Commanded, commands_of, offered_by
from mailman_pgp.delivery.ledger import Answered
from mailman_pgp.exchange.refusals import Refusal
from mailman_pgp.keys import registry
from mailman_pgp.lists.encryption import one_at_a_time, settings_of
from mailman_pgp.lists.passage import PROOF
from mailman_pgp.notices.answering import may_answer
from mailman_pgp.notices.encrypted import reader
from mailman_pgp.openpgp import Certificate, ListKeyError, OpenPGPError
from mailman_workflows import Purpose, saved
from mailman_workflows.confirmations import discard, open_questions

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Mapping, Sequence

    from mailman_pgp.keys.registry import StoredCertificate
    from mailman_workflows.confirmations import OpenQuestion
    from mailman_workflows.request import JSON


@public
@dataclass(frozen=True, slots=True, repr=False)
class Offer:
    """A key that counts when its person has answered, or about which a moderator decides then.

    :ivar since: When they were asked, naive UTC.
    :ivar expires: When it is forgotten.
    """

    question: OpenQuestion
    certificate: Certificate
    since: dt.datetime
    expires: dt.datetime

    def does(self, command: str) -> bool:
        """Whether the key comes to count by the answer as it does by `key set`, or by `key change`."""
        return command == "key set" or self.changes

    @property
    def changes(self) -> bool:
        """Whether it may take the place of another key."""
        return "key change" in commands_of(self.question.data)


@public
def offers_of(mlist: Any, address: str) -> list[Offer]:
    """What a person (in lower case) was asked about at a list, the latest last."""
    row = settings_of(mlist.list_id)
    return [] if row is None else offered_in(open_questions(mlist, address), {mlist.list_id: row.enabled_at})


@public
def offered_in(questions: Iterable[OpenQuestion], encrypted_since: Mapping[str, dt.datetime]) -> list[Offer]:
    """The keys that questions are about; the times, by list-id, are those since when the lists are encrypted (naive UTC)."""
    found = []
    for question in questions:
        certificate = offered_by(question.data) if isinstance(question.action, Commanded) else None
        since = question.asked_until - question.action.lifetime
        # No code fits any more of what was asked before the encryption was switched off and on.
        if certificate is not None and since >= encrypted_since[question.list_id]:
            found.append(Offer(question, certificate, since, question.asked_until))
    return found


def ask_about(
    mlist: Any, address: str, certificate: Certificate, data: Mapping[str, JSON], *, signed_by: Sequence[str]
) -> None:
    """Ask a person about a key of theirs, by a message that is encrypted to it; the caller commits.

    :param data: From `mailman_pgp.conversation.commanded.data_of`.
    :param signed_by: The fingerprints of the certificates that must all have signed the answer, this one among them.
    :raises Refusal: when they can't be asked, or were asked too often.
    """
    require_rare(mlist, address)
    readers = [reader(address, certificate)]
    try:
        challenge(mlist, Commanded(), address, data, signed_by=signed_by, readers=readers)
    except ListKeyError as error:  # not to be taken for what is wrong with the person's
        raise Refusal("list-key", str(error)) from error
    except OpenPGPError as error:
        raise Refusal(
            "refused-by-library", "Nothing could be encrypted to this key. Export it anew in your OpenPGP program."
        ) from error


@public
def require_rare(mlist: Any, address: str) -> None:
    """Anybody can have mail sent by offering keys, here as by mail, so there is one limit for both.

    :raises Refusal: when they were asked too often today; else it is counted.
    """
    if not may_answer(mlist, address, Answered.UNPROVEN):
        raise Refusal(
            "asked-too-often",
            f"{address} was sent too many messages by this list today. Look into that mailbox, or try again tomorrow.",
        )


@public
def ask_again(mlist: Any, address: str) -> str:
    """Ask a person (in lower case) once more what they have not answered; return the fingerprint of the key that answers.

    The earlier message can be answered still.  The caller commits.

    :raises Refusal: when nothing waits for their answer, or they can't be asked.
    """
    one_at_a_time(mlist.list_id)  # the limit of how often counts those who ask at the same moment, too
    offers = offers_of(mlist, address)
    if offers:
        latest = offers[-1]
        known = openpgp.inspect(latest.certificate.data)
        openpgp.require_usable(known, address)
        data = to_be_done(latest.question.data)
        if commands_of(data) == ["key set"] and _is_another(registry.chosen(mlist.list_id, address), known):
            # None counted when they were asked, and the answer would be in vain.
            data["commands"] = [["key change"]]
        ask_about(mlist, address, known, data, signed_by=must_sign(latest.question.data))
        return known.fingerprint
    if key_changes.waiting_at(mlist, address):
        raise Refusal("waits-for-moderator", "You have answered for your key already: it waits for a moderator.")
    if _waits_for_proof(mlist, address):
        require_rare(mlist, address)
        current = registry.current(mlist.list_id, address)
        if current is not None and proving.challenge_to_prove(mlist, address):
            return current.fingerprint
    raise _nothing_waits(mlist, address)


def _is_another(chosen: StoredCertificate | None, known: Certificate) -> bool:
    return chosen is not None and chosen.fingerprint != known.fingerprint


def _waits_for_proof(mlist: Any, address: str) -> bool:
    return any(
        row.email == address and row.purpose == Purpose.JOIN.value and row.step == PROOF for row in saved.all_at(mlist)
    )


@public
def take_back(mlist: Any, address: str) -> None:
    """Forget the keys that a person (in lower case) has offered and that don't count yet; the caller commits.

    Their messages, and those to moderators, can't be answered any more.

    :raises Refusal: when there is none.
    """
    tokens = [one.question.token for one in offers_of(mlist, address)]
    tokens += [one.token for one in key_changes.waiting_at(mlist, address)]
    if not tokens:
        raise _nothing_waits(mlist, address)
    for token in tokens:
        discard(token)


def _nothing_waits(mlist: Any, address: str) -> Refusal:
    return Refusal("no-offer", f"No key of {address} waits for an answer at {mlist.fqdn_listname}.")
