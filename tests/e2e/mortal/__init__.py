"""A plugin of Mailman by which one of its processes dies, by kill -9, at a chosen point of a transaction.

``DIR/die`` says where, in JSON (DIR is the sandbox's directory): in the transaction that has `words` in a statement or its values,
right after this statement, right before its commit, or right after that.  One process dies of it, once.
"""

from __future__ import annotations

import json
import os
import signal
from enum import Enum
from pathlib import Path
from typing import Any

from mailman.config import config
from mailman.interfaces.plugin import IPlugin
from public import public
from sqlalchemy import event
from sqlalchemy.orm import Session
from zope.interface import implementer


class Point(Enum):
    """Where in a transaction."""

    WRITTEN = "written"
    COMMITTING = "committing"
    COMMITTED = "committed"


def order(directory: Path, point: Point, *words: str) -> Path:
    """Have a process die in the next transaction with these words; the file is gone when it has."""
    made = directory / "die"
    unfinished = directory / "die.tmp"
    unfinished.write_text(json.dumps({"point": point.value, "words": words}))
    return unfinished.rename(made)


@public
@implementer(IPlugin)
class Mortal:
    """See `IPlugin`."""

    name = "mortal"
    resource = None

    def pre_hook(self) -> None:
        """See `IPlugin`."""

    def post_hook(self) -> None:
        """See `IPlugin`."""
        file = Path(config.VAR_DIR).parent / "die"
        near: list[str] = []  # the point, once the transaction is the one

        def executed(_connection: Any, _cursor: Any, statement: str, values: Any, *_more: Any) -> None:
            try:
                wanted = json.loads(file.read_text())
            except FileNotFoundError:
                return
            if all(word in f"{statement} {values}" for word in wanted["words"]):
                near[:] = [wanted["point"]]
                reached(Point.WRITTEN)

        def reached(point: Point) -> None:
            if near == [point.value]:
                file.unlink(missing_ok=True)
                os.kill(os.getpid(), signal.SIGKILL)

        event.listen(config.db.engine, "after_cursor_execute", executed)
        event.listen(config.db.engine, "commit", lambda _connection: reached(Point.COMMITTING))
        event.listen(config.db.engine, "rollback", lambda _connection: near.clear())
        event.listen(Session, "after_commit", lambda _session: reached(Point.COMMITTED))
