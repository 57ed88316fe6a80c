"""Whether a message that was opened is authenticated: what its author says of themselves, against who has signed it.

Authenticated is what a certificate has signed that counts for the address in From on this list, and that was meant for it;
neither Sender nor Reply-To nor the envelope play a part.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from public import public

from mailman_pgp.keys import issuers, registry
from mailman_pgp.openpgp import Status
from mailman_pgp.posts.destination import Destination, destination_of
from mailman_pgp.posts.misdirected import is_for_commands
from mailman_pgp.posts.problems import Problem

if TYPE_CHECKING:
    from mailman_pgp.mime import Said
    from mailman_pgp.posts.reading import Read
    from mailman_pgp.posts.record import Record

_ABOUT = {Destination.HERE: "", Destination.ELSEWHERE: Problem.NOT_MEANT, Destination.UNSAID: Problem.UNBOUND}


@public
def problem_of(mlist: Any, record: Record, read: Read, *, form: str, words: Said) -> str:
    """Why a message is not authenticated: the first reason that there is; the empty string when it is.

    :param form: What is wrong with the form that it came in, a value of `Problem`; empty for PGP/MIME.
    :param words: What it says.
    """
    payload = read.payload
    if payload.from_ambiguous:
        return Problem.NO_AUTHOR
    if payload.author_address is not None and payload.author_address != record.author:
        return Problem.OTHER_AUTHOR
    if is_for_commands(mlist, record.kind, payload, words):
        return Problem.NOT_MEANT
    return form or _of_signatures(mlist, record, read)


def _of_signatures(mlist: Any, record: Record, read: Read) -> str:
    verdicts = read.verdicts
    if not verdicts:
        return Problem.UNSIGNED
    good = next((verdict for verdict in verdicts if verdict.good), None)
    if good is not None:
        return _ABOUT[destination_of(mlist, record.kind, read.payload, good)]
    worst = next((verdict for verdict in verdicts if verdict.status is not Status.UNKNOWN_KEY), verdicts[0])
    if worst.status is not Status.UNKNOWN_KEY:
        return worst.status
    if registry.current(mlist.list_id, record.author) is None:
        return Problem.STRANGER
    known = worst.issuer is not None and issuers.owns_key(mlist.list_id, worst.issuer)
    return Problem.SOMEBODY_ELSE if known else Status.UNKNOWN_KEY
