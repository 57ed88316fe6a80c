"""``mailman-pgp sandbox``: the command line."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mailman_pgp.sandbox.configuration import STARTED_RUNNERS, ConfigurationError, Options
from mailman_pgp.sandbox.place import Place
from mailman_pgp.sandbox.service import Runners, Service, run
from mailman_pgp.sandbox.supervisor import SandboxError

if TYPE_CHECKING:
    from collections.abc import Callable


_OPTIONS = (
    click.option(
        "--database-url", help="The database, such as postgresql://user:password@host/name.  Default: SQLite."
    ),
    click.option(
        "--master", is_flag=True, help="Start Mailman by its own master process: slower, exactly as on a site."
    ),
    click.option(
        "--no-runner",
        "no_runners",
        multiple=True,
        metavar="NAME",
        help=f"Leave out a runner: {', '.join(STARTED_RUNNERS)}.  May be repeated.",
    ),
    click.option(
        "--omit",
        multiple=True,
        metavar="LINE",
        help="Leave out a line or section of mailman.cfg, such as mta.outgoing or plugin.pgp.  May be repeated.",
    ),
    click.option(
        "--set",
        "settings",
        multiple=True,
        metavar="LINE=VALUE",
        help="Set a line of mailman.cfg, such as mta.max_recipients=50, or pgp.NAME=VALUE of the plugin's settings.",
    ),
    click.option("--sleep-time", default="0.05s", show_default=True, help="How long a runner waits for mail."),
)


def options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options of how a Mailman is to be; `chosen` takes them."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def chosen(*, master: bool, **given: Any) -> tuple[Options, Runners]:
    """What these options say."""
    return Options(**given), Runners.MASTER if master else Runners.FORKED


@click.command("sandbox")
@click.option(
    "--dir",
    "directory",
    required=True,
    type=click.Path(file_okay=False, resolve_path=True, path_type=Path),
    help="Where everything goes; made when it is missing.  A second start there goes on with the same data.",
)
@options
@click.option("--plugin/--no-plugin", default=True, show_default=True, help="With the plugin, or stock Mailman.")
@click.option("--stop-with-input", is_flag=True, help="Stop when standard input ends: for programs that start this.")
def command(directory: Path, *, stop_with_input: bool, **given: Any) -> None:
    """Start a complete Mailman on free ports, to try things out.

    Mail goes in by LMTP.  What Mailman sends is taken by an SMTP receiver, which keeps each message as a file in
    DIR/mail/RECIPIENT/; DIR/receiver.json tells it to refuse, delay or drop.  When all is ready, one line of JSON says
    where the doors are.  It stops on SIGTERM or Ctrl-C.
    """
    how, runners = chosen(**given)
    try:
        run(Service(Place(directory), how, runners, stop_with_input=stop_with_input))
    except (SandboxError, ConfigurationError, OSError) as error:
        raise click.ClickException(str(error)) from error
