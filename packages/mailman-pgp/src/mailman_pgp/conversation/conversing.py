"""One mail to an address that takes commands, from its coming to its answer."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from mailman.config import config
from public import public

from mailman_pgp import openpgp
from mailman_pgp.conversation import answers
from mailman_pgp.conversation.asking import Challenge, answered_question, challenge
from mailman_pgp.conversation.asking_moderators import ask_anew
from mailman_pgp.conversation.brought import Brought, brought_by
from mailman_pgp.conversation.codes import found_in
from mailman_pgp.conversation.commanded import Commanded, data_of, needs_key, needs_member, signers_of
from mailman_pgp.conversation.commands import COMMANDS, CommandRefusedError, Proof, Run
from mailman_pgp.conversation.grammar import Spoken, commands_in
from mailman_pgp.conversation.letters import Letter, RefusedLetterError, read_letter
from mailman_pgp.conversation.losing import leave_without_key
from mailman_pgp.conversation.moderating import Moderation, NotDecidedError, decision_in, owners_question_address
from mailman_pgp.delivery import ledger
from mailman_pgp.delivery.ledger import Answered
from mailman_pgp.events.kinds import KeyOfferedEvent
from mailman_pgp.events.notifying import notify
from mailman_pgp.exchange.waiting import look_again
from mailman_pgp.i18n import _, language_of, using
from mailman_pgp.keys import registry
from mailman_pgp.lists.addresses import is_ours
from mailman_pgp.mime import is_automatic, is_no, is_yes, single_address
from mailman_pgp.notices.encrypted import reader
from mailman_pgp.notices.refusing import refuse
from mailman_pgp.notices.unreached import reason_sentence
from mailman_pgp.openpgp import CertificateError, CertificateProblem, OpenPGPError
from mailman_workflows.confirmations import Asked, NotConfirmedError, confirm, discard, open_questions

if TYPE_CHECKING:
    from email.message import Message

    from mailman_pgp.keys.registry import StoredCertificate
    from mailman_workflows.confirmations import OpenQuestion


@public
def converse(mlist: Any, message: Message, *, address: str, claim: str) -> None:
    """Do what a mail asks for, as far as it is proved, and answer it.  Commits.

    :param address: Core's name of the address that it came to: ``request``, ``join``, ``leave``, ``confirm``.
    :param claim: The name under which the mail claims its signatures.
    """
    author = single_address(message)
    if author is None or is_automatic(message) or is_ours(author):
        # Nobody has read what a machine answers, or what comes to a list.
        ledger.dropped(mlist.list_id, kind="command", recipient=author or "", reason="not-answerable")
        config.db.commit()
        return
    with using(language_of(mlist, author)):
        try:
            letter = read_letter(mlist, message, claim, _signers(mlist, author))
        except RefusedLetterError as refused:
            refuse(mlist, refused.record)
        else:
            _answer(mlist, letter, address)
        config.db.commit()


def _signers(mlist: Any, author: str) -> list[bytes]:
    """The certificates whose signatures may mean something: the one that counts, and those of open questions."""
    found = registry.signers(mlist.list_id, author)
    for question in open_questions(mlist, author):
        found += [data for data in signers_of(question.data) if data not in found]
    return found


def _answer(mlist: Any, letter: Letter, address: str) -> None:
    asked_of = [letter.author, *owners_question_address(mlist, letter.author)]
    question = answered_question(mlist, asked_of, letter.said.everything)
    if letter.encrypted and not letter.bound and not _brings_own_key(mlist, letter):
        answers.not_bound(mlist, letter)
    elif question is not None:
        _to_question(mlist, letter, question)
    elif found := commands_in(letter.said, letter.outer_subject, address):
        _commands(mlist, letter, found)
    elif found_in(letter.said.everything):
        answers.template(mlist, letter, "code-unknown")
    else:
        _no_command(mlist, letter)


def _brings_own_key(mlist: Any, letter: Letter) -> bool:
    """Whether a key with the author's address came inside of the encryption."""
    try:
        brought = brought_by(mlist, replace(letter.offered, autocrypt=None))
    except CertificateError:
        return False
    return brought.certificate is not None and letter.author in brought.certificate.addresses


def _to_question(mlist: Any, letter: Letter, question: OpenQuestion) -> None:
    """An answer to a question of ours, by its code, which only its person has read."""
    if not letter.encrypted:
        # It has travelled where others read it.
        discard(question.token)
        answers.template(mlist, letter, "code-seen", Answered.PROVEN)
        if isinstance(question.action, Moderation):
            ask_anew(mlist, question.data)
        return
    if not isinstance(question.action, Moderation):
        if is_no(letter.said):
            _no(mlist, letter, question)
            return
        if not is_yes(letter.said):
            answers.template(mlist, letter, "no-yes", Answered.PROVEN)
            return
    # Taken now: whoever leaves has no certificate afterwards.
    signers = [known for known in map(openpgp.inspect, letter.signers) if known.fingerprint in letter.signed_by]
    try:
        done = confirm(mlist, question.token, letter)
    except NotDecidedError as error:
        answers.encrypted(mlist, letter, str(error), signers)
        return
    except NotConfirmedError as error:
        answers.template(mlist, letter, "reply-refused", Answered.PROVEN, reason=str(error))
        return
    config.db.commit()
    if done is None:
        answers.template(mlist, letter, "code-unknown")
        return
    said = [done, *_went_on(mlist, letter.author)]
    if isinstance(question.action, Moderation):
        look_again(mlist, str(question.data["address"]))  # who has waited for this key
    answers.encrypted(mlist, letter, "\n\n".join(said), signers)


def _no(mlist: Any, letter: Letter, question: OpenQuestion) -> None:
    try:
        if isinstance(question.action, Challenge):
            question.action.declined(Asked(mlist, question.email, question.data, letter))
    except NotConfirmedError as error:
        answers.template(mlist, letter, "reply-refused", Answered.PROVEN, reason=str(error))
        return
    discard(question.token)
    answers.template(mlist, letter, "forgotten", Answered.PROVEN)


def _went_on(mlist: Any, address: str) -> list[str]:
    """What became of requests that have waited for what was done."""
    told = []
    for looked in look_again(mlist, address):
        if looked.goes_on:
            joined = mlist.members.get_member(address) is not None
            told.append(
                _("Your request is done: you are a member.") if joined else _("Your request goes on, and you are told.")
            )
        elif looked.over:
            told.append(looked.sentence)
    return told


def _commands(mlist: Any, letter: Letter, found: list[Spoken]) -> None:
    try:
        brought = brought_by(mlist, letter.offered)
    except CertificateError as error:
        about_keys = any(spoken.command.proof in {Proof.KEY, Proof.CHANGE, Proof.ITSELF} for spoken in found)
        if about_keys or error.problem is CertificateProblem.SECRET_KEY:
            answers.template(mlist, letter, "certificate-refused", reason=_(str(error)))
            return
        brought = Brought()
    at_once = [spoken for spoken in found if spoken.command.proof_for(brought) in {Proof.NONE, Proof.ITSELF}]
    for spoken in at_once:
        run = Run(mlist, letter.author, letter.name, brought)
        try:
            answers.template(mlist, letter, spoken.command.run(run, spoken.arguments))
        except CommandRefusedError as error:
            answers.template(mlist, letter, "certificate-refused", reason=_(str(error)))
    if later := [spoken for spoken in found if spoken not in at_once]:
        _ask(mlist, letter, later, brought)


def _ask(mlist: Any, letter: Letter, commands: list[Spoken], brought: Brought) -> None:
    """Ask the author about commands, where they are proved so far as they must be."""
    counting = registry.current(mlist.list_id, letter.author)
    proved = counting is not None and counting.fingerprint in letter.signed_by
    if needs_member(commands, brought) and not (proved and _inside(commands)):
        _unproved(mlist, letter, commands, proved=proved)
        return
    run = Run(mlist, letter.author, letter.name, brought)
    signed_by, readers = [], []
    # A change by the old key: it has signed the command and the new certificate, not just something.
    old = counting.fingerprint if counting and proved and _inside(commands) and letter.offered.blocks else ""
    try:
        if needs_key(commands, brought):
            if brought.certificate is None:
                answers.template(mlist, letter, "send-key")
                return
            openpgp.require_usable(brought.certificate, letter.author)
            run.offered = brought.certificate
            signed_by, readers = [run.offered.fingerprint], [reader(letter.author, run.offered)]
        if needs_member(commands, brought) and counting is not None:
            known = _usable(counting)
            signed_by = list(dict.fromkeys([*signed_by, known.fingerprint]))
            readers = readers or [reader(letter.author, known)]
        must_count = counting.fingerprint if counting and needs_member(commands, brought) else ""
        data = data_of(commands, run, counting=must_count, old=old)
    except CertificateError as error:
        answers.template(mlist, letter, "certificate-refused", reason=_(str(error)))
        return
    except CommandRefusedError as error:
        answers.template(mlist, letter, "command-refused", reason=str(error))
        return
    if not answers.may(mlist, letter.author, Answered.PROVEN if proved else Answered.UNPROVEN):
        return
    try:
        challenge(mlist, Commanded(), letter.author, data, signed_by=signed_by, readers=readers)
    except OpenPGPError:  # its text is for the owners
        answers.template(mlist, letter, "certificate-refused", None, reason=reason_sentence("refused-by-library"))
        return
    if run.offered is not None:
        notify(KeyOfferedEvent(mlist.list_id, letter.author, run.offered.fingerprint, "proof"))
        config.db.commit()
        look_again(mlist, letter.author)  # what has waited for a key waits for the proof now


def _inside(commands: list[Spoken]) -> bool:
    return all(spoken.inside for spoken in commands)


def _usable(counting: StoredCertificate) -> openpgp.Certificate:
    known = openpgp.inspect(counting.data)
    openpgp.require_usable(known)
    return known


def _unproved(mlist: Any, letter: Letter, commands: list[Spoken], *, proved: bool) -> None:
    """Commands without the signature that they need.  The answer is the same whoever is a member."""
    if proved:
        answers.template(mlist, letter, "command-outside")
        return
    names = {spoken.command.name for spoken in commands}
    if names == {"leave"}:
        if answers.template(mlist, letter, "leave-unproved"):
            leave_without_key(mlist, letter.author)
    elif "join" in names:
        answers.template(mlist, letter, "send-key")
    else:
        answers.unsigned(mlist, letter)


def _no_command(mlist: Any, letter: Letter) -> None:
    """No command was found: a key alone is meant to count; else the answer says what there is."""
    if is_yes(letter.said) or is_no(letter.said) or decision_in(letter.said):
        answers.template(mlist, letter, "code-missing")
    elif letter.offered.blocks:
        _commands(mlist, letter, [Spoken(COMMANDS["key set"])])
    else:
        answers.template(mlist, letter, "help")
