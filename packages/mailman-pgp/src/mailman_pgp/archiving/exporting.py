"""An archive that the list's key opens, as a plain mbox: for the day on which an embargo ends."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from public import public
from sqlalchemy import select

from mailman_pgp.archiving import mbox
from mailman_pgp.archiving.archivers import ALLOWED, folder_of
from mailman_pgp.keys import vault
from mailman_pgp.model.database import store
from mailman_pgp.model.tables import ListKey
from mailman_pgp.openpgp import DEFAULT, Limits, OpeningError, open_message
from mailman_pgp.site import health

if TYPE_CHECKING:
    from pathlib import Path

_ARMORED = re.compile(rb"^-----BEGIN PGP MESSAGE-----$.*?^-----END PGP MESSAGE-----$\n?", re.MULTILINE | re.DOTALL)


@public
@dataclass(frozen=True, slots=True)
class Exported:
    """How many messages were written, could not be opened, and were not signed by the list and so are not its own."""

    written: int
    closed: int
    foreign: int


def _limits(size: int) -> Limits:
    """What opening a message of an archive may cost: whatever was posted is opened, also where the site takes more than is usual."""
    settings = health.settings()
    return replace(
        DEFAULT,
        message_bytes=max(DEFAULT.message_bytes, size),
        content_bytes=max(DEFAULT.content_bytes, size),
        seconds=float(settings.worker_seconds),
        memory_bytes=settings.worker_memory_mb * 2**20,
    )


@public
def archives_of(mlist: Any) -> list[str]:
    """The names of the archivers that have something of a list."""
    return [name for name in ALLOWED if folder_of(mlist, name).is_dir()]


@public
def export(mlist: Any, archiver: str, path: Path) -> Exported:
    """Write all messages of an archive that the list's keys open, in the clear, into a new file (mboxrd).

    :raises FileExistsError: and other OSErrors; then there is no such file.
    :raises mailman_pgp.keys.vault.VaultError: when the list's keys can't be opened.
    :raises mailman_pgp.openpgp.WorkshopError: when no message can be opened at present.
    """
    keys = vault.all_secrets(mlist.list_id)
    signers = list(store().scalars(select(ListKey.certificate).where(ListKey.list_id == mlist.list_id)))
    sender = mlist.bounces_address
    store().rollback()  # nothing stays open while messages are opened
    written = closed = foreign = 0
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            for message in ALLOWED[archiver](folder_of(mlist, archiver)):
                found = _ARMORED.search(message)
                try:
                    opened = open_message(found[0] if found else b"", keys, signers, limits=_limits(len(message)))
                except OpeningError:
                    closed += 1
                    continue
                # Whoever can write into the archive could put something there that is none of the list's.
                if not any(verdict.sound for verdict in opened.signatures):
                    foreign += 1
                    continue
                file.write(mbox.entry(opened.content.replace(b"\r\n", b"\n"), sender))
                written += 1
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return Exported(written, closed, foreign)
