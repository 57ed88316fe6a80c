"""Mailman's runners without core's master: initialise once, fork each runner.

This has a whole core ready in about two seconds, where each process of the stock master spends more than one second of
CPU on starting.  What a runner sees is what the master would show it: the same environment, class and slice.
"""

from __future__ import annotations

import gc
import importlib
import logging
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mailman_pgp.sandbox.place import Place

# Modules that the HTTP server imports late; before the fork they cost once.
_REST_MODULES = (
    "mailman.rest.gunicorn",
    "mailman.rest.root",
    "mailman.rest.wsgiapp",
    "gunicorn.arbiter",
    "gunicorn.glogging",
    "gunicorn.workers.sync",
)


@dataclass(frozen=True, slots=True)
class RunnerSpec:
    """One runner process: the name in the configuration, and its slice of the queue."""

    name: str
    slice_number: int
    slices: int

    @property
    def process_name(self) -> str:
        """Its name among the processes of the sandbox: ``out``, or ``out:1`` where there are several."""
        return self.name if self.slices == 1 else f"{self.name}:{self.slice_number}"


def initialise(place: Place) -> None:
    """Initialise core in this process as the master's runners do, and let go of what must not be shared over a fork.

    Whatever core raises goes through.
    """
    from mailman.bin.master import PRESERVE_ENVS  # noqa: PLC0415 - core is imported in a sandbox's process only
    from mailman.config import config  # noqa: PLC0415
    from mailman.core.initialize import initialize  # noqa: PLC0415
    from mailman.utilities.modules import find_name  # noqa: PLC0415

    for name in [name for name in os.environ if name not in PRESERVE_ENVS and not name.startswith("COVERAGE_")]:
        del os.environ[name]
    os.environ["MAILMAN_UNDER_MASTER_CONTROL"] = "1"
    initialize(str(place.config))
    for spec in specs():
        find_name(getattr(config, f"runner.{spec.name}")["class"])
    for module in _REST_MODULES:
        importlib.import_module(module)
    config.db.sessionmaker.remove()
    config.db.engine.dispose()
    # Else the first full collection in each fork would look through all of this, and so copy every page of it.
    gc.freeze()


def specs() -> Iterator[RunnerSpec]:
    """The runners that the configuration wants started."""
    from lazr.config import as_boolean  # noqa: PLC0415 - see initialise()
    from mailman.config import config  # noqa: PLC0415

    for section in config.runner_configs:
        name = section.name.removeprefix("runner.")
        if as_boolean(section.start):
            slices = int(section.instances)
            yield from (RunnerSpec(name, number, slices) for number in range(slices))


def run(spec: RunnerSpec) -> int:
    """Be that runner, in a forked process, until it ends; return the exit status as ``runner`` does."""
    from mailman.bin.runner import make_runner  # noqa: PLC0415 - see initialise()
    from mailman.config import config  # noqa: PLC0415

    # The connections belong to the parent: forget them, don't close them.
    config.db.engine.dispose(close=False)
    runner = make_runner(spec.name, spec.slice_number, spec.slices)
    runner.set_signals()
    log = logging.getLogger("mailman.runner")
    log.info("%s runner started.", runner.name)
    runner.run()
    log.info("%s runner exiting.", runner.name)
    return int(runner.status)
