"""The runner of the queue `pipeline`."""

from __future__ import annotations

from typing import Any

from mailman.config import config
from mailman.core.pipelines import process
from mailman.runners.pipeline import PipelineRunner as CorePipelineRunner
from public import public

from mailman_pgp.lists.core_settings import OWNER_PIPELINE, POSTING_PIPELINE
from mailman_pgp.lists.encryption import is_encrypted
from mailman_pgp.posts.record import Kind, Record
from mailman_pgp.posts.sealed import SealedError, SealedMessage
from mailman_pgp.runners.settled import Settled
from mailman_pgp.runners.stopping import Stopping
from mailman_pgp.runners.waiting import Waiting, must_wait
from mailman_pgp.runners.wary import Wary

_PIPELINES = {Kind.POST: POSTING_PIPELINE, Kind.OWNER: OWNER_PIPELINE}


@public
class PipelineRunner(Waiting, Settled, Stopping, Wary, CorePipelineRunner):  # type: ignore[misc]  # core is untyped
    """Sends the posts of an encrypted list through our pipeline, whatever the list's own setting says.

    Stock pipelines archive, digest and gate to news; REST can set any of them on any list.
    """

    def _dispose(self, mlist: Any, msg: Any, msgdata: dict[str, Any]) -> bool:
        """See `IRunner`."""
        if not is_encrypted(mlist.list_id):
            if isinstance(msg, SealedMessage):
                raise SealedError(
                    "A sealed post came to a list that is no longer encrypted. It is kept in the shunt queue."
                )
            return bool(super()._dispose(mlist, msg, msgdata))
        if must_wait(mlist.list_id):
            return self.wait(mlist.list_id)
        record = Record.of(msgdata)
        if record is None or not isinstance(msg, SealedMessage):
            raise SealedError(
                "A message that was not received by the encrypted list's own runner. It is kept in the shunt queue."
            )
        process(mlist, msg, msgdata, _PIPELINES[record.kind])
        # Core commits after it has removed the queue file.  Killed in between, it would forget who was skipped.
        config.db.commit()
        return False
