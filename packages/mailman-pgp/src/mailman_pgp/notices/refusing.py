"""What becomes of a message that an encrypted list does not take: its sender is told why, and it is recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from public import public

from mailman_pgp.delivery import ledger
from mailman_pgp.delivery.ledger import Answered
from mailman_pgp.notices import answer_refused
from mailman_pgp.posts.problems import Problem

if TYPE_CHECKING:
    from mailman_pgp.posts.record import Record

_OLD_MAIL = (Problem.REPLAYED, Problem.STALE)


@public
def refuse(mlist: Any, message_id: str | None, record: Record) -> None:
    """Tell the sender why, without a word of what they wrote, and record it for the owners.

    :param message_id: The message's own id, as it came.
    :param record: What is known of it, the problem among it.
    """
    if record.author and not record.automatic:
        # Old mail shows who wrote it once, not who sends it now.
        proven = bool(record.fingerprint) and record.problem not in _OLD_MAIL
        kind = Answered.PROVEN if proven else Answered.UNPROVEN
        answer_refused(mlist, record.author, record.problem, message_id, kind)
    ledger.dropped(mlist.list_id, kind=record.kind, recipient=record.author, reason=record.problem)
