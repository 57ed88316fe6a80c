"""Whether a message that was opened is authenticated: what its author says of themselves, against who has signed it.

Authenticated is what a certificate has signed that counts for the address in From on this list, and that was meant for it;
neither Sender nor Reply-To nor the envelope play a part.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from public import public

from mailman_pgp.keys import issuers, registry
from mailman_pgp.keys.suspensions import is_suspended
from mailman_pgp.lists.addresses import is_ours
from mailman_pgp.lists.membership import is_on
from mailman_pgp.openpgp import Status
from mailman_pgp.posts.destination import Destination, destination_of
from mailman_pgp.posts.misdirected import is_for_commands
from mailman_pgp.posts.policy import Action, action_on
from mailman_pgp.posts.problems import Problem
from mailman_pgp.posts.record import Kind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mailman_pgp.mime import Payload, Said
    from mailman_pgp.openpgp import SignatureVerdict
    from mailman_pgp.posts.reading import Read
    from mailman_pgp.posts.record import Record


# How much each lets pass.
_LENIENCY = {Action.REJECT: 0, Action.DISCARD: 0, Action.HOLD: 1, Action.DEFER: 2, Action.ACCEPT: 3}


@public
def problem_of(mlist: Any, record: Record, read: Read, *, form: str, words: Said) -> str:
    """Why a message is not authenticated: of several reasons the one for which the list lets least pass; empty when it is.

    :param form: What is wrong with the form that it came in, a value of `Problem`; empty for PGP/MIME.
    :param words: What it says.
    """
    payload = read.payload
    if payload.from_ambiguous:
        return Problem.NO_AUTHOR
    if payload.author_address is not None and payload.author_address != record.author:
        return Problem.OTHER_AUTHOR
    signature = next((verdict for verdict in read.verdicts if verdict.good), None)
    signature = signature or next((verdict for verdict in read.verdicts if verdict.sound), None)
    destination = destination_of(mlist, record.kind, payload, signature.intended if signature else ())
    if record.kind is Kind.POST and signature is None and is_ours(record.author):
        # Nobody writes in a list's name, and has its members get a key as one of the list's.
        return Problem.NO_AUTHOR
    is_command = is_for_commands(mlist, record.kind, payload, words)
    if record.kind is not Kind.POST:
        # Anybody may write to the owners, who read what the signature is worth.
        is_elsewhere = destination is Destination.ELSEWHERE and signature is not None and signature.good
        return Problem.NOT_MEANT if is_command or is_elsewhere else _of_signatures(mlist, record, read, destination)
    problems = [Problem.NOT_MEANT] if is_command or destination is Destination.ELSEWHERE else []
    return strictest(mlist.list_id, [*problems, *_of_form(mlist, record, read, destination, form)])


@public
def problem_of_stranger(mlist: Any, record: Record, payload: Payload, signature: SignatureVerdict) -> str:
    """The same of a message by somebody for whom no certificate counts, when it is known which one has signed it."""
    if record.kind is not Kind.POST:
        return Problem.STRANGER
    about = {Destination.ELSEWHERE: [Problem.NOT_MEANT], Destination.UNSAID: [Problem.UNBOUND], Destination.HERE: []}
    found = about[destination_of(mlist, record.kind, payload, signature.intended)]
    return strictest(mlist.list_id, [*found, Problem.STRANGER])


@public
def strictest(list_id: str, problems: Sequence[str]) -> str:
    """Of several reasons the one for which an encrypted list lets least pass, of equals the first; empty when there is none.

    Else one would excuse the other: a list that takes an old form would take what nobody has signed, in that form.
    """
    return min(problems, key=lambda problem: _LENIENCY[action_on(list_id, problem)], default="")


def _of_form(mlist: Any, record: Record, read: Read, destination: Destination, form: str) -> list[str]:
    """What is wrong with the form of a post, and with its signature, where that counts in this form."""
    found = _of_signatures(mlist, record, read, destination)
    if form == Problem.NOT_ENCRYPTED:
        # Whoever takes that takes what anybody may have written; but not as an author's what they have written to others.
        return [form, *([found] if found == Problem.UNBOUND else [])]
    if form == Problem.INLINE_PGP:
        # There are no header fields in it to say for whom it is.
        return [form, *([] if found in {"", Problem.UNBOUND} else [found])]
    return [found] if found else []


def _of_signatures(mlist: Any, record: Record, read: Read, destination: Destination) -> str:
    verdicts = read.verdicts
    if not verdicts:
        return Problem.UNSIGNED
    if any(verdict.good for verdict in verdicts):
        return Problem.UNBOUND if destination is Destination.UNSAID else ""
    worst = next((verdict for verdict in verdicts if verdict.status is not Status.UNKNOWN_KEY), verdicts[0])
    if worst.status is not Status.UNKNOWN_KEY:
        return worst.status
    if _is_stranger(mlist.list_id, record):
        return Problem.STRANGER
    known = worst.issuer is not None and issuers.owns_key(mlist.list_id, worst.issuer)
    return Problem.SOMEBODY_ELSE if known else Status.UNKNOWN_KEY


def _is_stranger(list_id: str, record: Record) -> bool:
    """Whether somebody for whom no certificate counts is unknown on the list, too.

    Who writes in the name of somebody who is on it, or by a key that is suspended, is not one who reports something; but may well
    have to write to the owners.
    """
    if registry.current(list_id, record.author) is not None:
        return False
    if record.kind is Kind.OWNER:
        return True
    return not (is_on(list_id, record.author) or is_suspended(list_id, {record.author}, ""))
