"""Mailman's runners below the stock ``master`` process, as on a real site."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from mailman_pgp.sandbox import processes

if TYPE_CHECKING:
    from mailman_pgp.sandbox.place import Place

NAME = "master"
_RUNNER_OPTION = "--runner="


def be(place: Place) -> int:
    """Turn this process into the master; does not return.  Raises OSError."""
    program = Path(sys.executable).parent / "master"
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    # The sandbox holds a lock of its own: one on Mailman's master is left over from a killed one.
    os.execve(program, [str(program), "--force", "-C", str(place.config)], environment)  # noqa: S606 - no shell is wanted


def runner_pids(master: int) -> dict[str, int]:
    """The master's runners by name, as `RunnerSpec.process_name` has them."""
    found = {}
    for pid in processes.children(master):
        for argument in processes.command_line(pid):
            if argument.startswith(_RUNNER_OPTION):
                name, number, slices = argument.removeprefix(_RUNNER_OPTION).split(":")
                found[name if slices == "1" else f"{name}:{number}"] = pid
    return found
