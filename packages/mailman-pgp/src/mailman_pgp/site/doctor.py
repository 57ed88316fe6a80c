"""The doctor behind ``mailman-pgp check``: looks at a site without initialising core, and names each mend.

It works when core does not start.  Each look is a module of its own (`doctor_lines`, `doctor_keyfile`, …); this one
calls them in order and adds them up.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mailman_pgp.site import (
    doctor_config,
    doctor_database,
    doctor_host,
    doctor_keyfile,
    doctor_lines,
    doctor_versions,
)
from mailman_pgp.site.doctor_findings import Area, ExitStatus, Finding, Severity, error, exit_status

if TYPE_CHECKING:
    from collections.abc import Iterator

_MARKS = {Severity.ERROR: "ERROR", Severity.WARNING: "WARNING", Severity.INFORMATION: "note"}


@dataclass(frozen=True, slots=True)
class Report:
    """What the doctor found at a site whose ``mailman.cfg`` is `config` (None: there is none)."""

    config: Path | None
    findings: tuple[Finding, ...]

    @property
    def status(self) -> ExitStatus:
        """The exit status for monitoring."""
        return exit_status(self.findings)

    def to_json(self) -> dict[str, Any]:
        """The report as plain data."""
        return {
            "config": None if self.config is None else str(self.config),
            "status": int(self.status),
            "findings": [finding.to_json() for finding in self.findings],
        }

    def to_text(self) -> str:
        """The report for people: each area, its findings with their mends, and the sum."""
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        if self.config is not None:
            yield f"Looking at {self.config}"
        for area in Area:
            found = [finding for finding in self.findings if finding.area is area]
            worst = exit_status(found)
            yield f"{area.value}: {'fine' if worst is ExitStatus.FINE else 'see below'}"
            for finding in found:
                yield f"  {_MARKS[finding.severity]}: {finding.sentence}"
                if finding.mend:
                    yield f"    -> {finding.mend}"
        counts = [
            f"{count} {word}{'' if count == 1 else 's'}"
            for severity, word in ((Severity.ERROR, "error"), (Severity.WARNING, "warning"))
            if (count := sum(finding.severity is severity for finding in self.findings))
        ]
        yield f"Found {' and '.join(counts)}." if counts else "All is well."


def examine(config_path: Path | None = None) -> Report:
    """Look at the site whose ``mailman.cfg`` is `config_path`, or the one that core would find when it is None."""
    path = config_path or doctor_config.search()
    if path is None:
        missing = error(
            Area.CONFIGURATION,
            "There is no mailman.cfg in the places where Mailman looks for one.",
            "Name it: `mailman-pgp check --config FILE`.",
        )
        return Report(None, (missing, *doctor_versions.examine(), *doctor_host.examine()))
    try:
        config = doctor_config.read(path)
    except doctor_config.ConfigurationError as problem:
        unreadable = error(Area.CONFIGURATION, str(problem), f"Correct {path}, and check again.")
        return Report(path, (unreadable, *doctor_versions.examine(), *doctor_host.examine()))
    key = doctor_keyfile.examine(config)
    return Report(
        path,
        (
            *doctor_lines.examine(config),
            *key.findings,
            *doctor_versions.examine(),
            *doctor_database.examine(config, key.key_ids),
            *doctor_host.examine(Path(config.paths["pid_file"])),
        ),
    )
