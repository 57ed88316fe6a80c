"""The terminal chain for what the gate refuses."""

from __future__ import annotations

import logging
from typing import Any

from mailman.chains.base import TerminalChainBase
from mailman.core.i18n import _
from mailman.interfaces.chain import RejectEvent
from public import public
from zope.event import notify

from mailman_pgp.delivery import ledger
from mailman_pgp.delivery.ledger import Answered
from mailman_pgp.notices import answer_refused
from mailman_pgp.posts.problems import Problem
from mailman_pgp.posts.record import Kind, Record

log = logging.getLogger("mailman.vette")

_OLD_MAIL = (Problem.REPLAYED, Problem.STALE)


@public
class Refuse(TerminalChainBase):  # type: ignore[misc]  # core is untyped
    """Tell the sender why, without a word of what they wrote, and record it for the owners.

    Core's own `reject` attaches the message.  Whoever re-sends captured ciphertext would read it there.
    """

    name = "pgp-refuse"
    description = _("Refuse a message to an encrypted list, and stop processing.")

    def _process(self, mlist: Any, msg: Any, msgdata: dict[str, Any]) -> None:
        """See `TerminalChainBase`."""
        record = Record.of(msgdata) or Record(Kind.POST, problem="not-received")
        if record.author and not record.automatic:
            # Old mail shows who wrote it once, not who sends it now.
            proven = bool(record.fingerprint) and record.problem not in _OLD_MAIL
            kind = Answered.PROVEN if proven else Answered.UNPROVEN
            answer_refused(mlist, record.author, record.problem, msg["message-id"], kind)
        ledger.dropped(mlist.list_id, kind="post", recipient=record.author, reason=record.problem)
        log.info("REFUSED (%s): %s", record.problem, (msg["message-id"] or "n/a").strip())
        notify(RejectEvent(mlist, msg, msgdata, self))
