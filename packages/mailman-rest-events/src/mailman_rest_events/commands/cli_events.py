"""The subcommand `mailman events`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mailman.interfaces.command import ICLISubCommand
from public import public
from zope.interface import implementer

if TYPE_CHECKING:
    import click


@public
@implementer(ICLISubCommand)
class Events:
    """See who is told of what happens in Mailman."""

    name = "events"

    @property
    def command(self) -> click.Group:
        """See `ICLISubCommand`."""
        # Every runner imports this module when core looks for e-mail commands; only the command line needs the rest.
        from mailman_rest_events.administration.commands import events  # noqa: PLC0415

        return events
