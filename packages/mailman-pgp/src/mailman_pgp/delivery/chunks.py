"""The chunk: a part of a post's recipients, the unit of parallelism and of recovery.

Each chunk is an entry of its own in the queue `out`, signed and encrypted once.  A chunk has a progress file, to which the
addresses are appended that have their copy; after `kill -9` the next process goes on where the last one stopped.
"""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import TYPE_CHECKING

from mailman.config import config
from public import public

from mailman_pgp.delivery.progress import Progress
from mailman_pgp.site import health

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# The body is encrypted once per chunk.  From this size on that work outweighs what smaller chunks are good for, so chunks
# grow with the post: the whole list at 10 MB.
_FULL_CHUNKS_UP_TO_BYTES = 256 * 1024

_finished: list[Progress] = []


@public
def new_id() -> str:
    """A name for a chunk that no other chunk has."""
    return secrets.token_hex(16)


@public
def cut(recipients: Sequence[str], payload_bytes: int) -> Iterator[list[str]]:
    """Cut a post's recipients into chunks."""
    size = health.settings().chunk_recipients * max(1, payload_bytes // _FULL_CHUNKS_UP_TO_BYTES)
    for start in range(0, len(recipients), size):
        yield list(recipients[start : start + size])


@public
def directory() -> Path:
    """Where the progress files are."""
    return Path(config.DATA_DIR) / "mailman-pgp" / "progress"


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
    """Remove the progress files of chunks whose queue entries are gone."""
    while _finished:
        _finished.pop().clear()
