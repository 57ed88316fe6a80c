"""The runners of the queues `virgin` and `retry`, which hand on what was written or tried elsewhere."""

from __future__ import annotations

from typing import Any

from mailman.runners.retry import RetryRunner as CoreRetryRunner
from mailman.runners.virgin import VirginRunner as CoreVirginRunner
from public import public

from mailman_pgp.lists.encryption import is_encrypted
from mailman_pgp.runners.queue import Queued
from mailman_pgp.runners.stopping import Stopping


class _HandsOn(Queued, Stopping):
    """Core's work, with a queue in which an encrypted list's mail stays while it can't be handed on."""

    def _dispose(self, mlist: Any, msg: Any, msgdata: dict[str, Any]) -> bool:
        """See `IRunner`."""
        if is_encrypted(mlist.list_id):
            self.switchboard.never_bad()
        return bool(super()._dispose(mlist, msg, msgdata))  # type: ignore[misc]  # a mixin before core's Runner


@public
class VirginRunner(_HandsOn, CoreVirginRunner):  # type: ignore[misc]  # core is untyped
    """Core's runner for what Mailman writes itself."""


@public
class RetryRunner(_HandsOn, CoreRetryRunner):  # type: ignore[misc]  # core is untyped
    """Core's runner for what is tried again."""
