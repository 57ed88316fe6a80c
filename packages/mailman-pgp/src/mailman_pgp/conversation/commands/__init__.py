"""The commands, by name; in the order in which `help` names them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mailman_pgp.conversation.commands.base import Command, CommandRefusedError, Proof, Run
from mailman_pgp.conversation.commands.certifying import KeySign
from mailman_pgp.conversation.commands.keys import KeyChange, KeyRefresh, KeyRevoke, KeySet
from mailman_pgp.conversation.commands.membership import Join, Leave, Stay
from mailman_pgp.conversation.commands.reading import Echo, Help, KeyGet, Who
from mailman_pgp.conversation.commands.showing import KeyShow

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["COMMANDS", "Command", "CommandRefusedError", "Proof", "Run"]

COMMANDS: Mapping[str, Command] = {
    command.name: command
    for command in (
        Help(),
        KeyGet(),
        Join(),
        KeySet(),
        KeyChange(),
        KeyRefresh(),
        KeyRevoke(),
        KeyShow(),
        KeySign(),
        Leave(),
        Stay(),
        Who(),
        Echo(),
    )
}
