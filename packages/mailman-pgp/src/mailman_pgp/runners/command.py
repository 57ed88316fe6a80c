"""The runner of the queue `command`."""

from __future__ import annotations

from typing import Any

from mailman.config import config
from mailman.runners.command import CommandRunner as CoreCommandRunner
from public import public
from sqlalchemy.exc import SQLAlchemyError

from mailman_pgp.conversation.conversing import converse
from mailman_pgp.conversation.failing import refuse_failed
from mailman_pgp.lists.encryption import is_encrypted
from mailman_pgp.posts.patience import TakesLongError, patience
from mailman_pgp.posts.record import Kind, Record
from mailman_pgp.runners.settled import Settled
from mailman_pgp.runners.stopping import Stopping
from mailman_pgp.runners.waiting import Waiting, must_wait
from mailman_pgp.runners.wary import Wary


@public
class CommandRunner(Waiting, Settled, Stopping, Wary, CoreCommandRunner):  # type: ignore[misc]  # core is untyped
    """Takes mail to -request, -join, -leave and -confirm.

    Whatever fails over a mail in the clear, it is refused: a secret key may be in it, and nothing in the clear may be shunted.

    Core's answers echo lines of the mail, and its commands ask for no proof.  On an encrypted list they are ours.
    """

    @staticmethod
    def claimed_as(_metadata: dict[str, Any]) -> Kind:
        """See `Queued`."""
        return Kind.COMMAND

    def _dispose(self, mlist: Any, msg: Any, msgdata: dict[str, Any]) -> bool:
        """See `IRunner`."""
        if not is_encrypted(mlist.list_id):
            return bool(super()._dispose(mlist, msg, msgdata))
        if must_wait(mlist.list_id):
            return self.wait(mlist.list_id)
        known = Record.of(msgdata)
        claim = known.claim if known is not None and known.claim else self.switchboard.current
        # Kept from now on: a mail that is shunted passes under the same claim when it is put back.
        Record(kind=Kind.COMMAND, claim=claim).put(msgdata)
        try:
            with patience.serving(self.switchboard.current):
                converse(mlist, msg, address=msgdata.get("subaddress", "request"), claim=claim)
        except TakesLongError:
            return self.put_off()
        except Exception as error:  # noqa: BLE001 - whatever it was
            try:
                refuse_failed(mlist, msg, claim, error)
            except (OSError, SQLAlchemyError):  # no room for the refusal; core would shunt the mail as it came
                config.db.abort()
                return self.put_off_for_a_while()
        return False
