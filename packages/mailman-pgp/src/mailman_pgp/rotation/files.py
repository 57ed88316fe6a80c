"""The files in which Mailman keeps what is sealed: its queues, and the posts that are held."""

from __future__ import annotations

import os
import pickle
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mailman.config import config
from mailman.model.message import Message as StoredMessage
from public import public
from sqlalchemy import select

from mailman_pgp.lists.each import each_encrypted_list
from mailman_pgp.model.database import store
from mailman_pgp.overview import held
from mailman_pgp.posts.record import Record
from mailman_pgp.posts.sealed import SealedError, SealedMessage
from mailman_pgp.site import private_file

if TYPE_CHECKING:
    from collections.abc import Iterator

# What core has put into a queue, taken from it, and put aside.
_SUFFIXES = frozenset({".pck", ".bak", ".psv"})
_PAGE = 100


@public
@dataclass(slots=True)
class Files:
    """How many were sealed anew, and how many nothing opens, so that they stay as they are."""

    done: int = 0
    closed: int = 0


@public
def reseal_queues() -> Files:
    """Seal anew what is sealed in the queues, also what was shunted or set aside as bad.

    :raises OSError: when a file can't be read or written.
    """
    found = Files()
    for path in _queued():
        message, metadata = _pickles(path, 2)
        if isinstance(message, SealedMessage):
            _reseal(found, path, message, Record.of(metadata), metadata)
    return found


@public
def reseal_held() -> Files:
    """Seal anew what waits for moderators; raises as above."""
    found = Files()
    for mlist in each_encrypted_list():
        offset = 0
        while page := held.held_at(mlist, limit=_PAGE, offset=offset):
            for one in page:
                _reseal_held(found, one)
            offset += _PAGE
    return found


def _reseal_held(found: Files, one: held.Held) -> None:
    name = store().scalar(select(StoredMessage.path).where(StoredMessage.message_id == one.placeholder))
    path = Path(config.MESSAGES_DIR) / name if name else None
    if path is None or not path.is_file():
        return  # core has lost it, and says so to whoever decides
    (message,) = _pickles(path, 1)
    if isinstance(message, SealedMessage):
        _reseal(found, path, message, one.record)


def _reseal(found: Files, path: Path, message: SealedMessage, record: Record | None, *more: Any) -> None:
    try:
        resealed = record is not None and message.reseal(record)
    except SealedError:
        record = None
    if record is None:
        found.closed += 1
    elif resealed:
        pickles = (pickle.dumps(part, pickle.HIGHEST_PROTOCOL) for part in (message, *more))
        private_file.replace(path, b"".join(pickles))
        found.done += 1


def _queued() -> Iterator[Path]:
    for switchboard in config.switchboards.values():
        directory = Path(switchboard.queue_directory)
        if directory.is_dir():
            yield from sorted(
                path for path in map(Path, os.scandir(directory)) if path.suffix in _SUFFIXES and path.is_file()
            )


def _pickles(path: Path, number: int) -> list[Any]:
    """The first pickles in a file; as many times None where core can't read it either.  Raises OSError."""
    with path.open("rb") as stream:
        try:
            return [pickle.load(stream) for _ in range(number)]  # noqa: S301 - core wrote it into its own directory, and reads it so
        except OSError:
            raise
        except Exception:  # noqa: BLE001 - whatever a damaged file raises
            return [None] * number
