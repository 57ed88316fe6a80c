"""What a killed process was at work on is taken up before core counts it.

Core sets a message aside as `bad`, where nobody looks and from where no command brings it back, when its runner has died over it for the
third time.  A machine that ends processes for reasons of its own must not cost a list its mail: what is an encrypted list's goes to the
queue `shunt`, from where `mailman unshunt` sends it on.  It is set aside as early as by core, since core's master starts a runner again
ten times in all (`max_restarts`).
"""

from __future__ import annotations

import logging
import os
import pickle
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mailman.config import config
from mailman.core.switchboard import MAX_BAK_COUNT, Switchboard
from mailman.email.message import Message

from mailman_pgp.lists.encryption import is_encrypted
from mailman_pgp.posts.record import Record

if TYPE_CHECKING:
    from collections.abc import Callable

    from mailman_pgp.posts.record import Kind

log = logging.getLogger("mailman.error")

_COUNT = "_bak_count"  # core's own


def take_up(
    queue: Switchboard,
    claimed_as: Callable[[dict[str, Any]], Kind | None],
    has_progressed: Callable[[dict[str, Any]], bool],
) -> None:
    """Put back what a killed process has left in a queue.

    :param claimed_as: From the metadata of a message of which nothing was found out: what it is, where its signatures are claimed under the
        name of its file; None where they are not.
    :param has_progressed: Whether a message has got further than at the last recovery, so that it is not the cause; notes how far.
    """
    for name in queue.get_files(".bak"):
        left = Path(queue.queue_directory) / f"{name}.bak"
        try:
            _take_up(queue.name, left, claimed_as, has_progressed)
        except Exception:  # whatever is in the file: core's own recovery looks at it next, and keeps it
            log.exception("Recovering %s is left to core", left.name)


def _take_up(
    queue: str,
    left: Path,
    claimed_as: Callable[[dict[str, Any]], Kind | None],
    has_progressed: Callable[[dict[str, Any]], bool],
) -> None:
    with left.open("rb") as stream:
        message = pickle.load(stream)  # noqa: S301  # core's own queue file
        metadata = pickle.load(stream)  # noqa: S301  # core's own queue file
    if has_progressed(metadata):
        metadata.pop(_COUNT, None)
        _put_back(left, message, metadata)
    elif metadata.get(_COUNT, 0) + 1 >= MAX_BAK_COUNT and isinstance(message, Message) and _is_ours(metadata):
        kind = claimed_as(metadata)
        if kind is not None and Record.of(metadata) is None:
            Record(kind=kind, claim=left.stem).put(metadata)
        _shunt(queue, left, message, metadata)


def _shunt(queue: str, left: Path, message: Any, metadata: dict[str, Any]) -> None:
    try:
        name = config.switchboards["shunt"].enqueue(message, {**metadata, "whichq": queue})
    except OSError as full:
        # It needs no room to be tried once more; core would set it aside for good.
        log.error("There is no room in the queue shunt, so a message is tried again: %s", full.strerror)  # noqa: TRY400 - no traceback for it
        left.rename(left.with_suffix(".pck"))
        return
    log.error("The runner %s has died over a message again and again. SHUNTING: %s", queue, name)
    left.unlink()


def _is_ours(metadata: dict[str, Any]) -> bool:
    try:
        return is_encrypted(metadata.get("listid", ""))
    finally:
        config.db.abort()


def _put_back(left: Path, message: Any, metadata: dict[str, Any]) -> None:
    """As core writes queue files: whole, flushed, then renamed."""
    fresh = left.with_suffix(".tmp")
    with fresh.open("wb") as stream:
        pickle.dump(message, stream, pickle.HIGHEST_PROTOCOL)
        pickle.dump(metadata, stream, pickle.HIGHEST_PROTOCOL)
        stream.flush()
        os.fsync(stream.fileno())
    fresh.replace(left.with_suffix(".pck"))
    left.unlink()
