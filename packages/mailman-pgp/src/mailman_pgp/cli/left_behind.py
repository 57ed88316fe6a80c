"""Runners of a Mailman whose master process was killed: they live on, with the site's key of the time when they were started."""

from __future__ import annotations

import os
from pathlib import Path

_PROCESSES = Path("/proc")


def runners_of(config: Path) -> list[int]:
    """The ids of the processes that are runners of the Mailman with this configuration file, as far as they can be seen; in order.

    How core's master starts them: ``PYTHON …/runner -C FILE --runner=NAME:SLICE:RANGE``.
    """
    numbers = (int(process.name) for process in _PROCESSES.iterdir() if process.name.isdigit())
    return sorted(number for number in numbers if _is_runner(number, config))


def _is_runner(number: int, config: Path) -> bool:
    try:
        words = [os.fsdecode(word) for word in (_PROCESSES / str(number) / "cmdline").read_bytes().split(b"\0")]
        named = words[words.index("-C") + 1]
        if not any(word.startswith("--runner=") for word in words):
            return False
        # Where a relative path begins is not to be seen of a process that keeps itself private, as ours do.
        return Path(named).samefile(config) if os.path.isabs(named) else Path(named).name == config.name  # noqa: PTH117 - a text
    except (OSError, ValueError, IndexError):
        return False
