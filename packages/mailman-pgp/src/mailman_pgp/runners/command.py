"""The runner of the queue `command`."""

from __future__ import annotations

from typing import Any

from mailman.runners.command import CommandRunner as CoreCommandRunner
from public import public

from mailman_pgp.delivery import ledger
from mailman_pgp.lists.encryption import is_encrypted
from mailman_pgp.mime import is_automatic, single_address
from mailman_pgp.notices import answer_command, answer_help
from mailman_pgp.posts.problems import Problem
from mailman_pgp.runners.settled import Settled
from mailman_pgp.runners.stopping import Stopping
from mailman_pgp.runners.waiting import Waiting
from mailman_pgp.runners.wary import Wary
from mailman_pgp.site import health


@public
class CommandRunner(Settled, Stopping, Wary, Waiting, CoreCommandRunner):  # type: ignore[misc]  # core is untyped
    """Answers mail to -request, -join, -leave and -confirm of an encrypted list.

    Core's answers echo lines of the mail, and its commands ask for no proof.  On an encrypted list only `help` is open.
    """

    def _dispose(self, mlist: Any, msg: Any, msgdata: dict[str, Any]) -> bool:
        """See `IRunner`."""
        if not is_encrypted(mlist.list_id):
            return bool(super()._dispose(mlist, msg, msgdata))
        if not health.current().healthy:
            return self.wait()
        address = single_address(msg)
        wants_help = msgdata.get("subaddress", "request") == "request" and _asks_for_help(msg)
        answer = answer_help if wants_help else answer_command
        answered = address is not None and not is_automatic(msg) and answer(mlist, address, msg["message-id"])
        if not (answered and wants_help):
            reason = Problem.COMMAND if answered else "not-answerable"
            ledger.dropped(mlist.list_id, kind="command", recipient=address or "", reason=reason)
        return False


def _asks_for_help(msg: Any) -> bool:
    words = str(msg.get("subject", "")).lower().removeprefix("re:").split()
    if words:
        return words[0] == "help"
    # An empty subject: the first word of a plain body counts, as with core.
    body = msg.get_payload(decode=True) if msg.get_content_type() == "text/plain" else None
    first = (body or b"")[:200].decode("ascii", "ignore").lower().split()
    return bool(first) and first[0] == "help"
