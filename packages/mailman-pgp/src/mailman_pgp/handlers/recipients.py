"""Who is to receive a post."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from mailman.core.i18n import _
from mailman.interfaces.handler import IHandler
from public import public
from zope.interface import implementer

from mailman_pgp.delivery import ledger
from mailman_pgp.delivery.recipients import regular_recipients
from mailman_pgp.model.missed import Why
from mailman_pgp.notices.unsent import send_skipped
from mailman_pgp.posts.record import Record

#: In a message's metadata: whether it is kept for a digest.
FOR_DIGEST = "pgp_for_digest"


@public
@implementer(IHandler)
class Recipients:
    """The set that core computes, in one query instead of five a member."""

    name = "pgp-recipients"
    description = _("Calculate the recipients of a post to an encrypted list.")

    def process(self, mlist: Any, msg: Any, msgdata: dict[str, Any]) -> None:  # noqa: ARG002  # Mailman's signature
        """See `IHandler`."""
        # Computed in any case.  What may be there was left by a stock pipeline, before the message was shunted for good
        # reason; since then members may have left.
        record = Record.of(msgdata)
        candidates = regular_recipients(mlist, author=record.author if record is not None else None)
        digest = [candidate.address for candidate in candidates if candidate.digest]
        # The last handler looks for it.  Nothing is collected for nobody.
        msgdata[FOR_DIGEST] = bool(digest) and bool(mlist.digests_enabled)
        # On a list that makes none, whoever chose them gets nothing, and must not get nothing silently.
        if mlist.digests_enabled:
            digest = []
        for address in ledger.skipped(mlist.list_id, dict.fromkeys(digest, Why.DIGESTS.value)):
            send_skipped(mlist, address, Why.DIGESTS.value)
        msgdata["recipients"] = [candidate.address for candidate in candidates if not candidate.digest]
        if record is not None:
            unsent = any(candidate.unsent for candidate in candidates)
            replace(record, unsent=unsent, digests=tuple(digest)).put(msgdata)
