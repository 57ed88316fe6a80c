"""The runner of the queue `out`."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import replace
from typing import Any

from mailman.config import config
from mailman.runners.outgoing import OutgoingRunner as CoreOutgoingRunner
from public import public

from mailman_pgp.delivery import chunks, interruption
from mailman_pgp.lists.encryption import is_encrypted
from mailman_pgp.posts.record import Record
from mailman_pgp.runners import housekeeping
from mailman_pgp.runners.queue import Queued
from mailman_pgp.runners.settled import Settled
from mailman_pgp.runners.stopping import Stopping
from mailman_pgp.runners.waiting import must_wait

# No sooner are changes of keys looked for again: a look into the database costs twenty times as much as one into the queue.
_LOOK_SECONDS = 0.25
# Nor while anything is in the queue, for posts go first; but whoever floods a list keeps no change of a key untold for longer than that.
_PUT_OFF_SECONDS = 60.0
# Nor sooner than after so many times as long as telling has taken: where keys were brought for thousands, what is needed to receive
# posts meanwhile, and to take what was sent, has half of the time.
_FOR_OTHERS = 1


@public
class OutgoingRunner(Queued, Settled, Stopping, CoreOutgoingRunner):  # type: ignore[misc]  # core is untyped
    """Core's runner, which takes up an interrupted fan-out where it stopped.

    Core counts how often a file was left behind by a killed process, and sets it aside at the third time.  A fan-out to many
    members may be interrupted more often than that for reasons of the machine; as long as it makes progress, it is not the
    cause.
    """

    def __init__(self, name: str, slice: int | None = None) -> None:  # noqa: A002  # core's name
        super().__init__(name, slice)
        self._look_for_changes_at = 0.0

    @staticmethod
    def has_progressed(metadata: dict[str, Any]) -> bool:
        """See `Queued`."""
        record = Record.of(metadata)
        if record is None or not record.chunk:
            return False
        delivered = len(chunks.progress(record.chunk).done())
        if delivered <= record.delivered:
            return False
        replace(record, delivered=delivered).put(metadata)
        return True

    def signal_handler(self, signum: int, frame: Any) -> None:
        """See `IRunner`."""
        if signum != signal.SIGHUP:  # that one opens the logs again
            interruption.ask()
        super().signal_handler(signum, frame)

    def _dispose(self, mlist: Any, msg: Any, msgdata: dict[str, Any]) -> bool:
        """See `IRunner`."""
        # Our delivery says the same.  Where it is not in its place, core's would send the notices of an encrypted list in
        # the clear.  And a list whose key was revoked can sign nothing until it has another.
        if must_wait(mlist.list_id) and is_encrypted(mlist.list_id):
            config.switchboards["retry"].enqueue(msg, msgdata)
            return False
        try:
            return bool(super()._dispose(mlist, msg, msgdata))
        except interruption.Interrupted:
            return True  # back into the queue, for the next process

    def _do_periodic(self) -> None:
        """See `IRunner`.  Core calls this after it removed a finished file: only now may progress be forgotten."""
        super()._do_periodic()
        chunks.forget_finished()
        # As often as core looks into its queues: in the midst of many copies each look would be a part of their cost.
        begun = time.monotonic()
        late = begun - self._look_for_changes_at
        if late >= 0 and (late >= _PUT_OFF_SECONDS or not self._mail_waits()):
            housekeeping.tell_of_changes()
            ended = time.monotonic()
            pause = max(self.sleep_float, _LOOK_SECONDS, _FOR_OTHERS * (ended - begun))
            self._look_for_changes_at = ended + pause
        housekeeping.when_due()

    def _mail_waits(self) -> bool:
        """Whether there is anything in the queue; without reading all of it, as long as it is."""
        with os.scandir(self.queue_directory) as entries:
            return any(entry.name.endswith(".pck") for entry in entries)
