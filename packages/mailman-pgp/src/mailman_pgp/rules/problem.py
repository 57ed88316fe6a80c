"""The rule that reads what reception found out."""

from __future__ import annotations

from typing import Any

from mailman.core.i18n import _
from mailman.interfaces.rules import IRule
from public import public
from zope.interface import implementer

from mailman_pgp.overview.reasons import for_moderators
from mailman_pgp.posts.record import Record


@public
@implementer(IRule)
class Problem:
    """The message is not encrypted to the list, not opened, or not signed by the certificate that counts for its author."""

    name = "pgp-problem"
    description = _("Match messages to an encrypted list that are not encrypted, or not signed by their author.")
    record = True

    def check(self, mlist: Any, msg: Any, msgdata: dict[str, Any]) -> bool:  # noqa: ARG002  # Mailman's signature
        """See `IRule`."""
        record = Record.of(msgdata)
        # Without a record nothing was checked: refuse.
        problem = record.problem if record is not None else "not-received"
        if not problem:
            return False
        msgdata.setdefault("moderation_reasons", []).append(for_moderators(problem))
        return True
