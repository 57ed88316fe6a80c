"""Text for people in lines and columns, as commands answer it and notices hold it: plain, and aligned by blanks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from public import public

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Sequence

_INDENT = "  "


@public
def moment(at: dt.datetime) -> str:
    """A time (naive UTC) for people, to the minute."""
    return f"{at:%Y-%m-%d %H:%M} UTC"


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
