"""``mailman-pgp``: the commands that work when Mailman's core does not start.

They never initialise core, but for `rotate-site-key`, whose Mailman stands still.  What needs a running Mailman is ``mailman pgp …``, one of core's own commands.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any

import click

from mailman_pgp.site import memory

# Imported when they are asked for: a doctor must come when a part of the body is broken.
_COMMANDS = {
    "init": (
        "mailman_pgp.cli.init",
        "command",
        "Make a site's key file and settings; print the lines for mailman.cfg.",
    ),
    "check": ("mailman_pgp.cli.check", "command", "Look for what is wrong with this site, and name the mends."),
    "backup": (
        "mailman_pgp.cli.backup",
        "command",
        "Write the site's key, encrypted, into a file to be kept elsewhere.",
    ),
    "restore": ("mailman_pgp.cli.restore", "command", "Write the site's key back from its backup."),
    "rotate-site-key": (
        "mailman_pgp.cli.rotate",
        "command",
        "Put a new site key in the place of the one that there is, while Mailman is stopped.",
    ),
    "sandbox": ("mailman_pgp.sandbox.cli", "command", "Start a complete Mailman in a directory, to try things out."),
}


class _LazyGroup(click.Group):
    """A group whose commands are imported when they run."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        if cmd_name not in _COMMANDS:
            return None
        module, name, _ = _COMMANDS[cmd_name]
        command: Any = getattr(import_module(module), name)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's signature
        """Write the summaries without importing the commands."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary) for name, (_, _, summary) in _COMMANDS.items()])


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="mailman-pgp", prog_name="mailman-pgp")
def main() -> None:
    """Encrypted mailing lists for GNU Mailman: what an operator does on the shell."""


def program() -> None:
    """Be the program ``mailman-pgp``, of which commands read the site's key."""
    try:
        memory.keep_private()
    except OSError as error:
        sys.exit(f"Error: {' '.join(memory.refused(error))}")
    main()
