"""What a command answers: one value for people and for programs.

Text for people is laid out by `mailman_pgp.layout`; fingerprints stand in groups of four.  With ``--json`` there is one
JSON object: times in ISO 8601 with a Z, fingerprints as upper-case hexadecimal without spaces.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

from public import public

from mailman_pgp.overview.plain_values import plain_values

if TYPE_CHECKING:
    from collections.abc import Mapping


@public
class ExitStatus(IntEnum):
    """How a command ends."""

    FINE = 0
    NOT_FINE = 1  # what was asked for can't be done, and nothing was changed; of `status`: somebody gets nothing
    MISTAKEN = 2  # the command line, or a name in it, is not right
    RECORDED = 3  # a certificate can't be used any more, which was recorded: somebody gets nothing from now on


@public
@dataclass(frozen=True, slots=True)
class Answer:
    """What a command answers.

    :ivar data: The JSON object: plain values, and datetimes (naive UTC).
    :ivar text: The same for people, in lines that end in LF.
    """

    data: Mapping[str, object]
    text: str
    status: ExitStatus = ExitStatus.FINE

    def as_json(self) -> str:
        """The JSON object as text, in ASCII."""
        return to_json(self.data)


@public
def to_json(data: Mapping[str, object]) -> str:
    """An object as JSON, in ASCII: no control or bidirectional character reaches the terminal."""
    return json.dumps(plain_values(data), indent=2)
