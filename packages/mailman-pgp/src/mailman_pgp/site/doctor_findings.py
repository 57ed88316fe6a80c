"""What the doctor says: findings, how grave each is, and what they add up to."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class Severity(enum.StrEnum):
    """How grave a finding is; only errors keep encrypted lists from working."""

    INFORMATION = "information"
    WARNING = "warning"
    ERROR = "error"


class Area(enum.StrEnum):
    """What was looked at, in the order of the report."""

    CONFIGURATION = "configuration"
    KEY_FILE = "key file"
    VERSIONS = "versions"
    DATABASE = "database"
    LISTS = "lists"
    HOST = "host"


class ExitStatus(enum.IntEnum):
    """The exit status of ``mailman-pgp check``, in the manner of monitoring plugins."""

    FINE = 0
    WARNINGS = 1
    ERRORS = 2


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was found: a sentence that says what it is, and one that says what mends it.

    `mend` is empty only for information that asks for nothing.
    """

    area: Area
    severity: Severity
    sentence: str
    mend: str = ""

    def to_json(self) -> dict[str, str]:
        """The finding as plain data."""
        return {
            "area": self.area.value,
            "severity": self.severity.value,
            "sentence": self.sentence,
            "mend": self.mend,
        }


def error(area: Area, sentence: str, mend: str) -> Finding:
    """A finding that keeps encrypted lists from working, or makes them unsafe."""
    return Finding(area, Severity.ERROR, sentence, mend)


def warning(area: Area, sentence: str, mend: str) -> Finding:
    """A finding that will do harm later, or to some."""
    return Finding(area, Severity.WARNING, sentence, mend)


def information(area: Area, sentence: str, mend: str = "") -> Finding:
    """Something an operator may want to know."""
    return Finding(area, Severity.INFORMATION, sentence, mend)


def exit_status(findings: Iterable[Finding]) -> ExitStatus:
    """What the findings add up to; information alone is fine."""
    severities = {finding.severity for finding in findings}
    if Severity.ERROR in severities:
        return ExitStatus.ERRORS
    return ExitStatus.WARNINGS if Severity.WARNING in severities else ExitStatus.FINE
