"""Single turns of runners, and what lies in queues after them."""

from __future__ import annotations

QUEUES = ("in", "pipeline", "command", "out", "retry", "shunt", "bad", "virgin")


def queues() -> dict[str, int]:
    """How much lies in which queue."""
    from mailman.config import config  # noqa: PLC0415 - core must be initialised

    counted = {name: len(config.switchboards[name].files) for name in QUEUES}
    return {name: number for name, number in counted.items() if number}


def run(queue: str) -> None:
    """Let the runner of a queue look once."""
    from mailman_pgp.runners.command import CommandRunner  # noqa: PLC0415 - core must be initialised
    from mailman_pgp.runners.incoming import IncomingRunner  # noqa: PLC0415
    from mailman_pgp.runners.outgoing import OutgoingRunner  # noqa: PLC0415
    from mailman_pgp.runners.pipeline import PipelineRunner  # noqa: PLC0415

    kinds = {"in": IncomingRunner, "pipeline": PipelineRunner, "command": CommandRunner, "out": OutgoingRunner}
    kinds[queue](queue)._one_iteration()
