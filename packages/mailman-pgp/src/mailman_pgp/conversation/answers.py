"""Answers to letters: by templates of ours, or encrypted to somebody who has signed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from public import public

from mailman_pgp import openpgp
from mailman_pgp.conversation.catalogue import catalogue
from mailman_pgp.delivery import ledger
from mailman_pgp.delivery.ledger import Answered
from mailman_pgp.i18n import Text, _
from mailman_pgp.keys import registry
from mailman_pgp.notices.answering import answer_by, may_answer
from mailman_pgp.notices.encrypted import letter as notice
from mailman_pgp.notices.encrypted import reader, send_encrypted
from mailman_pgp.openpgp import CertificateError
from mailman_pgp.posts.problems import Problem, sentence_for

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mailman_pgp.conversation.letters import Letter
    from mailman_pgp.openpgp import Certificate


def kind_of(mlist: Any, letter: Letter) -> Answered:
    """As what an answer to a letter is counted.

    A signature by a key that somebody has only offered proves nothing: anybody could use up what is kept for its author.
    """
    counting = registry.current(mlist.list_id, letter.author)
    proven = counting is not None and counting.fingerprint in letter.signed_by
    return Answered.PROVEN if proven else Answered.UNPROVEN


@public
def may(mlist: Any, address: str, kind: Answered) -> bool:
    """Whether somebody may be answered once more today, which is counted, or else recorded."""
    allowed = may_answer(mlist, address, kind)
    if not allowed:
        _record(mlist, address)
    return allowed


def _record(mlist: Any, address: str) -> None:
    ledger.dropped(mlist.list_id, kind="command", recipient=address, reason="answered-too-often")


@public
def template(mlist: Any, letter: Letter, name: str, kind: Answered | None = None, **words: str | Text) -> bool:
    """Answer by one of our templates; return whether they may be answered.

    :param kind: As what it is counted, where that is not `kind_of` the letter.
    """
    if name == "help":
        words["commands"] = catalogue(mlist.request_address)
    answered = answer_by(mlist, letter.author, name, letter.message_id, kind or kind_of(mlist, letter), **words)
    if not answered:
        _record(mlist, letter.author)
    return answered


@public
def unsigned(mlist: Any, letter: Letter) -> None:
    """Say that commands must be signed, and what is wrong with a signature that there is."""
    reason: str | Text = ""
    if letter.problem and letter.problem != Problem.UNSIGNED:
        reason = sentence_for(letter.problem, mlist.owner_address)
    template(mlist, letter, "needs-signature", reason=reason)


@public
def not_bound(mlist: Any, letter: Letter) -> None:
    """Say that nothing of a letter was looked at, since nothing inside says whose it is; the same whatever is in it."""
    reason = _(
        "Your message was encrypted, and nothing inside says that it is yours: no signature that counts, and no protected From "
        "line. Without them somebody could send what others have encrypted. If you have no key that counts, attach your "
        "public key, or send `help`, `join` or `leave` unencrypted."
    )
    template(mlist, letter, "needs-signature", reason=reason)


@public
def encrypted(mlist: Any, letter: Letter, text: str, signers: Sequence[Certificate]) -> None:
    """Answer somebody who has proved who they are, encrypted; without a word of it where that can't be.

    :param signers: The certificates that have signed the letter.
    """
    if not may(mlist, letter.author, Answered.PROVEN):
        return
    certificate = _readable(mlist, letter.author, signers)
    if certificate is None:
        answer_by(mlist, letter.author, "done", letter.message_id, None)
        return
    subject = _("Your commands to {list}").format(list=mlist.display_name)
    send_encrypted(mlist, notice(mlist.request_address, subject, text + "\n"), [reader(letter.author, certificate)])


def _readable(mlist: Any, address: str, signers: Sequence[Certificate]) -> Certificate | None:
    """What an answer can be encrypted to: a certificate that has signed, first the one that counts now; else that one.

    Who has lost the key that counts, and has shown another one, could not read what is encrypted to the first.
    """
    current = registry.current(mlist.list_id, address)
    counting = "" if current is None else current.fingerprint
    signed = sorted(signers, key=lambda known: known.fingerprint != counting)
    for known in [*signed, *([] if current is None else [openpgp.inspect(current.data)])]:
        try:
            openpgp.require_usable(known)
        except CertificateError:
            continue
        return known
    return None
