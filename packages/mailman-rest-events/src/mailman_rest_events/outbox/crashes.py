"""Events of which the transaction is rolled back in any case: a runner that crashes over a message.

Core tells of it and rolls back then, and with it would go whatever was written into the database.  So such an event is a small
file until the sender takes it.
"""

from __future__ import annotations

import datetime as dt
import json
import logging
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mailman.config import config

from mailman_plugin_kit.database import now

if TYPE_CHECKING:
    from collections.abc import Iterator

log = logging.getLogger("mailman.plugins")
_MOST = 1000


@dataclass(frozen=True, slots=True)
class Kept:
    """An event in a file; see `keep`."""

    path: Path
    uid: str
    name: str
    list_id: str | None
    data: Any
    at: dt.datetime


def directory() -> Path:
    """Where they lie."""
    return Path(config.DATA_DIR) / "mailman-rest-events"


def keep(uid: str, name: str, list_id: str | None, data: Any) -> None:
    """Write an event into a file.  Where there are a thousand already, one more tells nobody anything new."""
    place = directory()
    place.mkdir(mode=0o770, exist_ok=True)
    if sum(1 for _ in place.glob("*.json")) >= _MOST:
        log.error("mailman-rest-events: a crash is told nobody, since %s is full", place)
        return
    content = {"uid": uid, "name": name, "list_id": list_id, "data": data, "at": now().isoformat()}
    unfinished = place / f"{uid}.tmp"
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o660)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(content, file)
        file.flush()
        os.fsync(file.fileno())
    unfinished.rename(place / f"{uid}.json")


def kept() -> Iterator[Kept]:
    """The events in files, the earliest first; what is no event is put aside, and logged."""
    try:
        found = sorted(directory().glob("*.json"), key=lambda path: path.stat().st_mtime)
    except FileNotFoundError:
        return
    for path in found:
        try:
            content = json.loads(path.read_text("utf-8"))
            read = Kept(path, **{**content, "at": dt.datetime.fromisoformat(content["at"])})
        except (OSError, ValueError, LookupError, TypeError) as error:
            log.error("mailman-rest-events: %s is no event of a crash (%s)", path, type(error).__name__)  # noqa: TRY400 - it says all
            with suppress(OSError):
                path.rename(path.with_suffix(".bad"))
        else:
            yield read
