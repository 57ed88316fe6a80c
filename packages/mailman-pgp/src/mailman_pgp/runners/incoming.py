"""The runner of the queue `in`."""

from __future__ import annotations

import logging
from typing import Any

from mailman.config import config
from mailman.core.chains import process
from mailman.database.transaction import transaction
from mailman.interfaces.chain import DiscardEvent
from mailman.interfaces.runner import RunnerCrashEvent
from mailman.runners.incoming import IncomingRunner as CoreIncomingRunner
from public import public
from zope.event import notify, subscribers

from mailman_pgp.delivery import ledger
from mailman_pgp.lists.core_settings import GATE
from mailman_pgp.lists.encryption import is_encrypted
from mailman_pgp.posts.authors import know_address
from mailman_pgp.posts.patience import TakesLongError, patience
from mailman_pgp.posts.reception import Received, receive
from mailman_pgp.posts.record import Kind, Record
from mailman_pgp.posts.sealed import SealedMessage
from mailman_pgp.runners.settled import Settled
from mailman_pgp.runners.stopping import Stopping
from mailman_pgp.runners.waiting import Waiting, must_wait
from mailman_pgp.runners.wary import Wary

log = logging.getLogger("mailman.vette")
errors = logging.getLogger("mailman.error")


@public
class IncomingRunner(Waiting, Settled, Stopping, Wary, CoreIncomingRunner):  # type: ignore[misc]  # core is untyped
    """Opens, judges and seals what comes to an encrypted list; leaves all other mail to core."""

    @staticmethod
    def claimed_as(metadata: dict[str, Any]) -> Kind:
        """See `Queued`."""
        return Kind.OWNER if metadata.get("to_owner") else Kind.POST

    def _dispose(self, mlist: Any, msg: Any, msgdata: dict[str, Any]) -> bool:
        """See `IRunner`."""
        if not is_encrypted(mlist.list_id):
            return bool(super()._dispose(mlist, msg, msgdata))
        if must_wait(mlist.list_id):
            return self.wait(mlist.list_id)
        known = Record.of(msgdata)
        if known is not None and (known.problem or isinstance(msg, SealedMessage)):
            received = Received(msg, known)  # it was received before, and shunted
        else:
            try:
                with patience.serving(self.switchboard.current):
                    received = self._receive(mlist, msg, msgdata, known)
            except TakesLongError:
                return self.put_off()
        try:
            self._judge(mlist, received, msgdata)
        except Exception as error:  # noqa: BLE001 - core's chains and rules raise what they like
            return self._shunt(mlist, received, msgdata, error)
        return False

    def _receive(self, mlist: Any, msg: Any, msgdata: dict[str, Any], known: Record | None) -> Received:
        kind = self.claimed_as(msgdata)
        claim = known.claim if known is not None and known.claim else self.switchboard.current
        # Kept in the metadata from now on: when reception fails, core shunts the message as it came, together with these
        # metadata, and `mailman unshunt` lets it pass under the same claim.
        Record(kind=kind, claim=claim).put(msgdata)
        received = receive(mlist, msg, kind, claim)
        record = received.record
        record.put(msgdata)
        # From here on core's logs name the id of the placeholder.
        log.info(
            "%s came to %s, and is %s", record.message_id or "n/a", mlist.fqdn_listname, received.message["message-id"]
        )
        return received

    def _judge(self, mlist: Any, received: Received, msgdata: dict[str, Any]) -> None:
        """Send what was received into the chains."""
        # The envelope sender plays no part from here on; only the author in From does.
        msgdata["envsender"] = mlist.no_reply_address
        with transaction():
            know_address(received.record.author)
        process(mlist, received.message, msgdata, GATE)
        # Core commits after it has removed the queue file.  Killed in between, it would lose a held post.
        config.db.commit()

    def _shunt(self, mlist: Any, received: Received, msgdata: dict[str, Any], error: Exception) -> bool:
        """As core does, but for what was received in place of the message as it came, which may be in the clear.

        Where there is no room for that, the message stays in its queue: core would shunt it as it came.
        """
        self._log(error)
        config.db.abort()
        notify(RunnerCrashEvent(self, mlist, received.message, msgdata, error))
        try:
            name = config.switchboards["shunt"].enqueue(received.message, {**msgdata, "whichq": self.name})
        except OSError as full:
            errors.error("There is no room in the queue shunt, so a message waits: %s", full.strerror)
            return self.put_off_for_a_while()
        errors.error("SHUNTING: %s", name)
        return False


def _record_discard(event: Any) -> None:
    """Keep a trace of what the list's own chain discards: nobody is told, and the signature has been claimed."""
    record = Record.of(event.msgdata) if isinstance(event, DiscardEvent) else None
    if record is not None and is_encrypted(event.mlist.list_id):
        reason = record.problem or "discarded"
        ledger.dropped(event.mlist.list_id, kind=record.kind, recipient=record.author, reason=reason)


subscribers.append(_record_discard)
