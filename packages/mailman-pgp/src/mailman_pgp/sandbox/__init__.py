"""A complete Mailman in a directory, on free ports, for tests, demonstrations and benchmarks.

`command` is the command line, `Sandbox` starts one from Python.
"""

from mailman_pgp.sandbox.behaviour import Behaviour, Drop, Refusal, Stage
from mailman_pgp.sandbox.cli import command
from mailman_pgp.sandbox.client import CommandError, Sandbox
from mailman_pgp.sandbox.configuration import Options
from mailman_pgp.sandbox.mailbox import Kept
from mailman_pgp.sandbox.polling import until
from mailman_pgp.sandbox.rest import Rest, RestError
from mailman_pgp.sandbox.service import Runners
from mailman_pgp.sandbox.supervisor import SandboxError

__all__ = [
    "Behaviour",
    "CommandError",
    "Drop",
    "Kept",
    "Options",
    "Refusal",
    "Rest",
    "RestError",
    "Runners",
    "Sandbox",
    "SandboxError",
    "Stage",
    "command",
    "until",
]
