"""Which commands a mail holds: a line that is one, word for word, and nothing else.

A command is inside where encryption and signature hold it.  A subject may stand outside, and so does the address that a mail came
to: anybody on its way can write those.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from mailman_pgp.conversation.commands import COMMANDS, Command
from mailman_pgp.mime import bare

if TYPE_CHECKING:
    from mailman_pgp.mime import Said

#: As many lines as core looks at.
_MOST_LINES = 10
_MOST_COMMANDS = 5
_ENDS = frozenset({"end", "stop", "--"})
#: What the addresses for one command ask for, by core's name of the address.
_BY_ADDRESS = {"join": "join", "leave": "leave"}

_NAMES = {name: command for command in COMMANDS.values() for name in (command.name, *command.aliases)}


@dataclass(frozen=True, slots=True)
class Spoken:
    """A command with its arguments."""

    command: Command
    arguments: tuple[str, ...] = ()
    inside: bool = field(default=True, compare=False)

    @property
    def words(self) -> list[str]:
        """It as plain data; see `spoken_by`."""
        return [self.command.name, *self.arguments]


def commands_in(said: Said, outer_subject: str, address: str) -> list[Spoken]:
    """The commands in the subject and the first lines that the author has written, each once, up to `end`.

    :param outer_subject: The subject where it stands outside; see `mailman_pgp.conversation.letters`.
    :param address: Core's name of the address that it came to: ``request``, ``join``, ``leave``, ``confirm``.
    """
    found: list[Spoken] = []
    for line in (said.subject, *said.own[:_MOST_LINES]):
        if line.strip().lower() in _ENDS:
            break
        spoken = _command(line)
        if spoken is not None and spoken not in found:
            found.append(spoken)
    outside = COMMANDS[_BY_ADDRESS[address]].name if address in _BY_ADDRESS else outer_subject
    spoken = _command(bare(outside))
    if spoken is not None and spoken not in found and (not found or address in _BY_ADDRESS):
        found.append(replace(spoken, inside=False))
    return found[:_MOST_COMMANDS]


def is_nothing_but_commands(said: Said) -> bool:
    """Whether all that the author has written is commands."""
    lines = [line for line in said.own if line.strip().lower() not in _ENDS]
    return bool(lines) and all(_command(line) is not None for line in lines)


def spoken_by(words: list[str]) -> Spoken | None:
    """A command from plain data; None when this release has no such."""
    command = COMMANDS.get(words[0]) if words else None
    return None if command is None else Spoken(command, tuple(words[1:]))


def _command(line: str) -> Spoken | None:
    words = line.lower().split()
    for length in (2, 1):
        command = _NAMES.get(" ".join(words[:length]))
        if command is not None and len(words) >= length and command.takes(words[length:]):
            return Spoken(command)
    return None
