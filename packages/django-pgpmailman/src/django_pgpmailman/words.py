"""How things are said on pages: a state as a word, a colour and a next step; fingerprints so that people can compare them; times."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class State:
    """A state.

    :ivar colour: Bootstrap's name of it; what it says is said by the word too.
    :ivar word: The state, in a word or two.
    :ivar next_step: What to do, as a sentence; empty where nothing is to be done.
    """

    colour: str
    word: Any
    next_step: Any = ""


def in_fours(fingerprint: str) -> str:
    """A fingerprint in groups of four."""
    return " ".join(fingerprint[start : start + 4] for start in range(0, len(fingerprint), 4))


def moment(text: str | None) -> dt.datetime | None:
    """A time of REST, as Django has times; None where there is none."""
    return dt.datetime.fromisoformat(text) if text else None
