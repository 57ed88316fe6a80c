"""What is left of queue files that were never whole, since a process was killed or a disk was full while they were written.

Core takes up none of them, and leaves them where they are for good: a mail as it came, which may be in the clear, or what is sealed under
a key of the site that was replaced since.  Nothing is lost with them.  Whoever wrote them has the message still: a mail server that has
heard of no success, or a runner in the file that it had taken.
"""

from __future__ import annotations

import time
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

from mailman.config import config
from public import public

_SUFFIX = ".tmp"  # of core's, and of those of `runners.recovery`
# No file is written for so long.
_KEPT = timedelta(days=1)


@public
def remove_torn(older_than: timedelta = _KEPT) -> None:
    """Remove them from all queues.

    :param older_than: Younger ones stay: they may be under way.
    :raises OSError: when one can't be removed.
    """
    before = time.time() - older_than.total_seconds()
    for switchboard in config.switchboards.values():
        for path in Path(switchboard.queue_directory).glob(f"*{_SUFFIX}"):
            with suppress(FileNotFoundError):  # whole meanwhile
                if path.stat().st_mtime <= before:
                    path.unlink()
