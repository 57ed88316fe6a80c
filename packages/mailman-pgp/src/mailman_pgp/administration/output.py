"""What a command answers: one value for people and for programs.

Text for people is plain and aligned; times end in UTC, fingerprints stand in groups of four.  With ``--json`` there is one
JSON object: times in ISO 8601 with a Z, fingerprints as upper-case hexadecimal without spaces.
"""

from __future__ import annotations

import json
import unicodedata
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

from public import public

from mailman_pgp.overview.plain_values import plain_values

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Mapping, Sequence

_INDENT = "  "


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


@public
def moment(at: dt.datetime) -> str:
    """A time (naive UTC) for people, to the minute."""
    return f"{at:%Y-%m-%d %H:%M} UTC"


@public
def count(number: int, one: str, many: str | None = None) -> str:
    """A number with its noun: "1 member", "2 members"."""
    return f"{number} {one if number == 1 else many or one + 's'}"


@public
def plain(text: str) -> str:
    """A text that somebody else wrote, without characters that steer a terminal or turn the direction of writing."""
    return "".join("\N{REPLACEMENT CHARACTER}" if unicodedata.category(char).startswith("C") else char for char in text)


@public
def fields(pairs: Iterable[tuple[str, str | Sequence[str]]]) -> str:
    """Labels with their values, aligned; a label may have several values, one a line.  Ends with LF."""
    rows = [(label, [values] if isinstance(values, str) else list(values)) for label, values in pairs]
    width = max((len(label) for label, _ in rows), default=0)
    lines = [
        f"{_INDENT}{label if position == 0 else '':<{width}}  {value}"
        for label, values in rows
        for position, value in enumerate(values)
    ]
    return _joined(lines)


@public
def table(rows: Iterable[Sequence[str]], *, head: Sequence[str] = ()) -> str:
    """Rows in aligned columns; the last column is as wide as it likes.  Ends with LF."""
    shown = [tuple(row) for row in rows]
    if head and shown:
        shown.insert(0, tuple(head))
    widths = [max(len(cell) for cell in column) for column in zip(*shown, strict=True)]
    lines = [
        _INDENT + "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in shown
    ]
    return _joined(lines)


@public
def steps(sentences: Iterable[str]) -> str:
    """What to do next, one a line.  Ends with LF; empty when there is nothing."""
    lines = [f"{_INDENT}{sentence}" for sentence in sentences]
    return _joined(["Next:", *lines]) if lines else ""


@public
def paragraphs(*parts: str) -> str:
    """Parts with an empty line between them; empty parts are left out.  Ends with LF."""
    return "\n".join(part if part.endswith("\n") else f"{part}\n" for part in parts if part)


def _joined(lines: list[str]) -> str:
    return "".join(f"{line}\n" for line in lines)
