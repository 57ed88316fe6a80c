"""The terminal chain for what the gate refuses."""

from __future__ import annotations

import logging
from typing import Any

from mailman.chains.base import TerminalChainBase
from mailman.core.i18n import _
from mailman.interfaces.chain import RejectEvent
from public import public
from zope.event import notify

from mailman_pgp.notices.refusing import refuse
from mailman_pgp.posts.record import Kind, Record

log = logging.getLogger("mailman.vette")


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
        refuse(mlist, record)
        log.info("REFUSED (%s): %s", record.problem, record.message_id or "n/a")
        notify(RejectEvent(mlist, msg, msgdata, self))
