"""What becomes of a message that an encrypted list does not take: its sender is told why, and it is recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from public import public

from mailman_pgp.delivery import ledger
from mailman_pgp.delivery.ledger import Answered
from mailman_pgp.notices.answering import answer_refused, answer_too_large
from mailman_pgp.posts.problems import Problem

if TYPE_CHECKING:
    from mailman_pgp.posts.record import Record

_OLD_MAIL = (Problem.REPLAYED, Problem.STALE)


@public
def refuse(mlist: Any, record: Record) -> None:
    """Tell the sender why, without a word of what they wrote, and record it for the owners.

    :param record: What is known of the message, the problem among it.
    """
    if record.author and not record.automatic:
        answer_refused(mlist, record.author, record.problem, record.message_id, answered_as(record))
    ledger.dropped(mlist.list_id, kind=record.kind, recipient=record.author, reason=record.problem)


@public
def refuse_afterwards(mlist: Any, record: Record, reason: str) -> None:
    """Tell the sender that a message was accepted, but is larger than the site's mail server takes, and record it.

    :param reason: What the ledger is to hold.
    """
    if record.author and not record.automatic:
        answer_too_large(mlist, record.author, record.message_id, answered_as(record))
    ledger.dropped(mlist.list_id, kind=record.kind, recipient=record.author, reason=reason)


@public
def answered_as(record: Record) -> Answered:
    """As what an answer to a message is counted."""
    # Old mail shows who wrote it once, not who sends it now.
    proven = bool(record.fingerprint) and record.problem not in _OLD_MAIL
    return Answered.PROVEN if proven else Answered.UNPROVEN
