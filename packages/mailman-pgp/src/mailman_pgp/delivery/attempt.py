"""One attempt at an entry of the queue `out`, which remembers who has their copy, also when the process is killed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mailman.config import config
from public import public

from mailman_pgp.delivery import chunks
from mailman_pgp.delivery.progress import Beginning

if TYPE_CHECKING:
    from collections.abc import Callable

    from mailman_pgp.delivery.progress import Progress
    from mailman_pgp.delivery.transport import Refusals


@public
def attempt(name: str, msg: Any, msgdata: dict[str, Any], make: Callable[[Progress, Beginning], Refusals]) -> None:
    """Take the progress of an entry, let `make` send and mark, and leave to core's runner what was refused.

    :param name: Of the entry: the same when it comes again after a kill; see `mailman_pgp.delivery.chunks.name`.
    :param make: What it leaves in `msgdata` describes the next attempt, whatever becomes of the entry.
    :raises mailman.interfaces.mta.SomeRecipientsFailed:
    """
    progress = chunks.progress(name)
    beginning = progress.begin()
    if beginning is Beginning.BUSY:
        # The same, enqueued twice by a process that was killed, and another slice is at it.
        config.switchboards["retry"].enqueue(msg, msgdata)
        return
    try:
        refusals = make(progress, beginning)
    except BaseException:
        progress.close()
        raise
    if refusals.temporary:
        progress.close()
    else:
        chunks.finished(progress)
    refusals.hand_to_core(msg, msgdata)
