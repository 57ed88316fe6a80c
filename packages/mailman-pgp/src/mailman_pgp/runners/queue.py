"""A queue whose files keep their names while they wait: by its name a message claims its signatures."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from mailman.config import config
from mailman.core.switchboard import Switchboard

from mailman_pgp.posts.patience import patience

log = logging.getLogger("mailman.error")


class Queue(Switchboard):  # type: ignore[misc]  # core is untyped
    """A switchboard that remembers which file it handed out last, and can keep it where it was.

    Core writes a message that is to wait into a new file, and then removes the old one.  Killed in between, it would have both;
    a large message is written again at each turn; another slice finds it; and it has lost its place before those that came later.
    """

    current = ""
    _stays = False

    @property
    def files(self) -> list[str]:
        """See `ISwitchboard`: without those that would only wait again."""
        return patience.worth_a_look(self.get_files())

    def dequeue(self, filebase: str) -> tuple[Any, dict[str, Any]]:
        """See `ISwitchboard`."""
        self.current, self._stays = filebase, False
        message, metadata = super().dequeue(filebase)
        return message, metadata

    def keep(self) -> None:
        """Let the file that was handed out last stay in the queue, as it came, when it is finished."""
        self._stays = True

    def finish(self, filebase: str, preserve: bool = False) -> None:  # noqa: FBT001, FBT002 - as core calls it
        """See `ISwitchboard`."""
        if not self._stays or preserve or filebase != self.current:
            super().finish(filebase, preserve)
            return
        taken = Path(self.queue_directory) / f"{filebase}.bak"
        try:
            taken.rename(taken.with_suffix(".pck"))
        except OSError:  # as core does; it is found at the next start
            log.exception("A message could not be put back: %s", taken)


class Queued:
    """A mixin for a queue runner: its queue is a `Queue`."""

    switchboard: Any
    queue_directory: Any

    def __init__(self, name: str, slice: int | None = None) -> None:  # noqa: A002  # core's name
        super().__init__(name, slice)  # type: ignore[call-arg]  # a mixin before core's Runner
        instances = int(getattr(config, "runner." + name).instances)
        self.switchboard = Queue(name, self.queue_directory, slice, instances)

    def _short_circuit(self) -> bool:
        """See `IRunner`: whether to look at the queue from its beginning again, before the files behind."""
        return bool(super()._short_circuit()) or patience.is_waited_for()  # type: ignore[misc]  # a mixin before core's Runner
