"""What became of one attempt, as data."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Verdict(Enum):
    """What an attempt tells."""

    TAKEN = "taken"  # 2xx
    AGAIN = "again"  # the endpoint is not there, is busy, or asks for patience: nothing of this very event
    REFUSED = "refused"  # this event was answered by an error
    GONE = "gone"  # 410: the endpoint wants nothing any more


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one attempt.

    :ivar problem: A sentence for operators; empty where it was taken.
    :ivar retry_after: Seconds that the endpoint asks us to wait, if it does.
    """

    verdict: Verdict
    problem: str = ""
    retry_after: float | None = None
