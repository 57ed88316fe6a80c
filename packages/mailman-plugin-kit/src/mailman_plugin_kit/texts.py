"""Pieces of the sentences that operators read."""

from __future__ import annotations

import unicodedata

from public import public


@public
def plain(text: str) -> str:
    """A text that somebody else wrote, without characters that steer a terminal or turn the direction of writing."""
    return "".join("\N{REPLACEMENT CHARACTER}" if unicodedata.category(char).startswith("C") else char for char in text)


@public
def count(number: int, one: str, many: str | None = None) -> str:
    """A number with its noun: "1 member", "2 members"."""
    return f"{number} {one if number == 1 else many or one + 's'}"
