"""The chunk: a part of a post's recipients, the unit of parallelism and of recovery.

Each chunk is an entry of its own in the queue `out`, signed and encrypted once.  While it is under way it has a progress
file, to which the addresses are appended that have their copy; after `kill -9` the next process goes on where the last one
stopped, and so does the next attempt for those who were refused.  When nobody of it waits any more the file goes; its row
in the ledger remains, and tells an entry that comes a second time.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import secrets
import time
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from mailman.config import config
from public import public

from mailman_pgp.delivery import ledger
from mailman_pgp.delivery.progress import Beginning, Progress, ProgressError
from mailman_pgp.site import health

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

log = logging.getLogger("mailman.error")

# A file that nobody has touched for so long belongs to no entry that core would still deliver.
KEPT = timedelta(days=90)

_finished: list[Progress] = []


@public
def name(list_id: str, claim: str, recipients: Sequence[str]) -> str:
    """The name of a chunk: the same whenever the same message is sent to the same recipients.

    The pipeline runner may be killed when it has enqueued some of a post's chunks, and then enqueues them all again.
    The recipients are part of the name, and not a number: when the members have changed in between, a chunk with
    somebody new in it must not pass for one that is done.

    :param claim: See `mailman_pgp.posts.replay`: what a message keeps through crashes, and no other message has.
    """
    parts = (list_id, claim or secrets.token_hex(16), *recipients)
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]


@public
def cut(recipients: Sequence[str], payload_bytes: int) -> Iterator[list[str]]:
    """Cut a post's recipients into chunks.

    The body is encrypted once per chunk.  From `chunk_bytes` on that work outweighs what smaller chunks are good for, so
    chunks grow with the post.
    """
    settings = health.settings()
    size = settings.chunk_recipients * max(1, payload_bytes // settings.chunk_bytes)
    for start in range(0, len(recipients), size):
        yield list(recipients[start : start + size])


@public
def directory() -> Path:
    """Where the progress files are."""
    return (health.settings().work_dir or Path(config.DATA_DIR) / "mailman-pgp") / "progress"


@public
def progress(chunk: str) -> Progress:
    """The progress of one chunk."""
    return Progress(directory() / chunk, chunk)


@public
def finished(done: Progress) -> None:
    """Say that nothing of a chunk is left to do.  Its file stays until core has removed the queue entry."""
    _finished.append(done)


@public
def forget_finished() -> None:
    """Remove the progress files of chunks whose queue entries are gone; never fails, as nothing depends on it."""
    while _finished:
        try:
            _finished.pop().clear()
        except ProgressError as error:
            log.error("%s", error)  # noqa: TRY400 - a sentence that says it all; `prune` tries again


@public
def prune(older_than: timedelta = KEPT) -> None:
    """Remove the progress files that nobody needs any more.

    These are files of chunks that are complete, whose process was killed just before it removed them, and old ones, of
    chunks that core gave up.  A file that another process has taken stays.
    """
    before = time.time() - older_than.total_seconds()
    where = directory()
    for path in sorted(where.iterdir()) if where.is_dir() else ():
        with contextlib.suppress(FileNotFoundError):  # finished meanwhile
            if path.stat().st_mtime < before or ledger.known(path.name).complete:
                left = progress(path.name)
                if left.begin() is not Beginning.BUSY:
                    left.clear()
