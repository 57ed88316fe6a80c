"""What lies in Mailman's queues of one list, in the clear."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mailman.config import config
from public import public

from mailman_pgp.posts.sealed import SealedMessage

if TYPE_CHECKING:
    from collections.abc import Iterator

# Waiting, being handled by a runner, set aside in `bad`.
_ENDINGS = frozenset({".pck", ".bak", ".psv"})


@public
def in_the_clear(mlist: Any) -> dict[str, list[Path]]:
    """The files of a list in all queues, by the queue's name, less those that are sealed; queues without any are left out.

    What can't be read and may be the list's is among them.
    """
    found = {name: sorted(_files(mlist, Path(board.queue_directory))) for name, board in config.switchboards.items()}
    return {name: paths for name, paths in sorted(found.items()) if paths}


def _files(mlist: Any, directory: Path) -> Iterator[Path]:
    names = {mlist.list_id, mlist.fqdn_listname}
    for path in directory.iterdir() if directory.is_dir() else ():
        if path.suffix in _ENDINGS and _is_in_the_clear(path, names):
            yield path


def _is_in_the_clear(path: Path, names: set[str]) -> bool:
    try:
        data = path.read_bytes()
    except FileNotFoundError:  # a runner was faster
        return False
    # Most files are other lists', and need not be taken apart.
    if not any(name.encode() in data for name in names):
        return False
    try:
        message, metadata = _parts(path)
    except FileNotFoundError:
        return False
    except Exception:  # noqa: BLE001 - whatever a damaged pickle raises
        return True
    return bool(names & {metadata.get("listid"), metadata.get("listname")}) and not isinstance(message, SealedMessage)


def _parts(path: Path) -> tuple[Any, dict[str, Any]]:
    """Message and metadata, as core's switchboard reads them: Mailman's own files, which it unpickles all day."""
    with path.open("rb") as file:
        return pickle.load(file), pickle.load(file)  # noqa: S301 - see above
