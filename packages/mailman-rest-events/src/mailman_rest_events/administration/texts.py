"""Values as people read them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mailman_plugin_kit.texts import count

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_SHOWN = 60  # characters of what somebody typed, in a sentence


def quoted(text: str) -> str:
    """What somebody typed, for a sentence: in ASCII, and not too much of it."""
    return ascii(text[:_SHOWN])


def is_storable(text: str) -> bool:
    """Whether a database can hold it: no zero bytes, no halves of characters."""
    return "\0" not in text and text.encode("utf-8", "replace").decode() == text


def span(seconds: float) -> str:
    """So much time, in its greatest unit: "40 seconds", "3 hours"."""
    number, unit = int(seconds), "second"
    for size, name in ((_DAY, "day"), (_HOUR, "hour"), (_MINUTE, "minute")):
        if seconds >= size:
            number, unit = int(seconds / size), name
            break
    return count(number, unit)


def moment(at: dt.datetime | None) -> str:
    """A time (naive UTC), to the second; a dash where there is none."""
    return "-" if at is None else f"{at:%Y-%m-%d %H:%M:%S}"


def table(rows: Sequence[Sequence[str]]) -> str:
    """Rows in aligned columns; the last column is as wide as it likes."""
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )
