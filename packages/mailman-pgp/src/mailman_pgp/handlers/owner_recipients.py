"""The first step of the owner pipeline: to whom mail to the owners can be encrypted."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from mailman.config import config
from mailman.core.i18n import _
from mailman.handlers.owner_recipients import OwnerRecipients as CoreOwnerRecipients
from mailman.interfaces.pipeline import DiscardMessage
from public import public

from mailman_pgp.delivery.lookup import look_up
from mailman_pgp.lists import administrators
from mailman_pgp.notices.refusing import refuse
from mailman_pgp.notices.unsent import Fate, send_unread
from mailman_pgp.posts.problems import Problem
from mailman_pgp.posts.record import Record
from mailman_pgp.posts.sealed import SealedError


@public
class OwnerRecipients(CoreOwnerRecipients):  # type: ignore[misc]  # core is untyped
    """Those whom core would choose (but who has no address any more), as far as they have a certificate that can be used.

    Where nobody has, nobody would ever read the message: it is refused, so that its writer can try another way.
    """

    name = "pgp-owner-recipients"
    description = _("Calculate the recipients of mail to the owners of an encrypted list.")

    def process(self, mlist: Any, _msg: Any, msgdata: dict[str, Any]) -> None:
        """See `IHandler`."""
        record = Record.of(msgdata)
        if record is None:
            raise SealedError(
                "Mail to the owners without a record came to its pipeline. It is kept in the shunt queue."
            )
        # Instead of core's handler, which fails over who has no address.  What was there came from a stock pipeline.
        wanted = administrators.addresses(mlist) or {config.mailman.site_owner}
        msgdata["nodecorate"] = msgdata["verp"] = True
        found = look_up(mlist.list_id, sorted(wanted))
        msgdata["recipients"] = [recipient.address for recipient in found.recipients]
        fate = Fate.READ_BY_OTHERS if found.recipients else Fate.REFUSED
        for address, reason in found.problems.items():
            send_unread(mlist, address, reason, fate)
        if not found.recipients:
            refuse(mlist, replace(record, problem=Problem.NO_READER))
            raise DiscardMessage("Nobody who looks after the list has a certificate that can be used.")
