"""A queue whose files give messages the name under which they claim their signatures."""

from __future__ import annotations

from typing import Any

from mailman.config import config
from mailman.core.switchboard import Switchboard


class NamingSwitchboard(Switchboard):  # type: ignore[misc]  # core is untyped
    """A switchboard that remembers which file it handed out last."""

    current = ""

    def dequeue(self, filebase: str) -> tuple[Any, dict[str, Any]]:
        """See `ISwitchboard`."""
        self.current = filebase
        message, metadata = super().dequeue(filebase)
        return message, metadata


class Naming:
    """A mixin for a queue runner: `self.switchboard.current` is the name of the file under way."""

    switchboard: Any
    queue_directory: Any

    def __init__(self, name: str, slice: int | None = None) -> None:  # noqa: A002  # core's name
        super().__init__(name, slice)  # type: ignore[call-arg]  # a mixin before core's Runner
        instances = int(getattr(config, "runner." + name).instances)
        self.switchboard = NamingSwitchboard(name, self.queue_directory, slice, instances)
