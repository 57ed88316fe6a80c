"""The runner of the queue `in`."""

from __future__ import annotations

import logging
from typing import Any

from mailman.config import config
from mailman.core.chains import process
from mailman.core.switchboard import Switchboard
from mailman.database.transaction import transaction
from mailman.interfaces.address import ExistingAddressError
from mailman.interfaces.chain import DiscardEvent
from mailman.interfaces.usermanager import IUserManager
from mailman.runners.incoming import IncomingRunner as CoreIncomingRunner
from public import public
from zope.component import getUtility
from zope.event import subscribers

from mailman_pgp.delivery import ledger
from mailman_pgp.lists.core_settings import GATE
from mailman_pgp.lists.encryption import is_encrypted
from mailman_pgp.posts.reception import receive
from mailman_pgp.posts.record import Kind, Record
from mailman_pgp.runners.settled import Settled
from mailman_pgp.runners.stopping import Stopping
from mailman_pgp.runners.waiting import Waiting
from mailman_pgp.site import health

log = logging.getLogger("mailman.vette")


class _NamingSwitchboard(Switchboard):  # type: ignore[misc]  # core is untyped
    """A switchboard that remembers which file it handed out last: the name under which a message claims its signature."""

    current = ""

    def dequeue(self, filebase: str) -> tuple[Any, dict[str, Any]]:
        """See `ISwitchboard`."""
        self.current = filebase
        message, metadata = super().dequeue(filebase)
        return message, metadata


@public
class IncomingRunner(Settled, Stopping, Waiting, CoreIncomingRunner):  # type: ignore[misc]  # core is untyped
    """Opens, judges and seals what comes to an encrypted list; leaves all other mail to core."""

    def __init__(self, name: str, slice: int | None = None) -> None:  # noqa: A002  # core's name
        super().__init__(name, slice)
        instances = int(getattr(config, "runner." + name).instances)
        self.switchboard = _NamingSwitchboard(name, self.queue_directory, slice, instances)

    def _dispose(self, mlist: Any, msg: Any, msgdata: dict[str, Any]) -> bool:
        """See `IRunner`."""
        if not is_encrypted(mlist.list_id):
            return bool(super()._dispose(mlist, msg, msgdata))
        if not health.current().healthy:
            return self.wait()
        kind = Kind.OWNER if msgdata.get("to_owner") else Kind.POST
        known = Record.of(msgdata)
        claim = known.claim if known is not None and known.claim else self.switchboard.current
        # Kept in the metadata from now on: when anything below fails, core shunts the message as it came together with
        # these metadata, and `mailman unshunt` lets it pass under the same claim.
        Record(kind=kind, claim=claim).put(msgdata)
        received = receive(mlist, msg, kind, claim)
        record = received.record
        record.put(msgdata)
        # From here on core's logs name the id of the placeholder.
        log.info(
            "%s came to %s, and is %s", record.message_id or "n/a", mlist.fqdn_listname, received.message["message-id"]
        )
        # The envelope sender plays no part from here on; only the author in From does.
        msgdata["envsender"] = mlist.no_reply_address
        with transaction():
            _know_address(record.author)
        process(mlist, received.message, msgdata, GATE)
        # Core commits after it has removed the queue file.  Killed in between, it would lose a held post.
        config.db.commit()
        return False


def _record_discard(event: Any) -> None:
    """Keep a trace of what the list's own chain discards: nobody is told, and the signature has been claimed."""
    record = Record.of(event.msgdata) if isinstance(event, DiscardEvent) else None
    if record is not None and is_encrypted(event.mlist.list_id):
        ledger.dropped(event.mlist.list_id, kind="post", recipient=record.author, reason="discarded")


subscribers.append(_record_discard)


def _know_address(address: str) -> None:
    """Tell Mailman of the author's address, as core does: its moderation rules look it up."""
    user_manager = getUtility(IUserManager)
    if address and user_manager.get_address(address) is None:
        try:
            user_manager.create_address(address)
        except ExistingAddressError:  # another process was faster
            return
