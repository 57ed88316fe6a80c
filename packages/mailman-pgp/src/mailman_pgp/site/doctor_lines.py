"""The doctor's look at ``mailman.cfg``: whether the required lines are in force, and who has taken their place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mailman_pgp.site.doctor_findings import Area, Finding, error, warning
from mailman_pgp.site.health import line_problem
from mailman_pgp.site.lines import RequiredLine, values_in_force, violated

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mailman_pgp.site.doctor_config import CoreConfiguration

CORE_PACKAGE = "mailman"
OUR_PACKAGE = "mailman_pgp"


def examine(config: CoreConfiguration) -> Iterator[Finding]:
    """A finding for each required line that is missing or wrong, and for each line that core ignores."""
    for line, found in violated(values_in_force(config)):
        rival = None if found is None else _package(found)
        if line.section.startswith("plugin.") or rival in (None, CORE_PACKAGE, OUR_PACKAGE):
            # Core's own default stands there: for people the line is missing.
            problem = line_problem(line, None if rival == CORE_PACKAGE else found)
            yield error(Area.CONFIGURATION, problem.sentence, problem.mend)
        else:
            yield _competition(config, line, str(found), str(rival))
    for remark in config.remarks:
        yield warning(Area.CONFIGURATION, remark, f"Correct or remove it in {config.path}.")


def _competition(config: CoreConfiguration, line: RequiredLine, found: str, rival: str) -> Finding:
    """Somebody else's code stands where ours must: only one can have the place, for the whole site."""
    owner = next(
        (
            f"the plugin of the section [{section.name}]"
            for section in config
            if section.name.startswith("plugin.")
            and rival in (_package(section["class"]), _package(section["component_package"]))
        ),
        f"the package {rival}",
    )
    return error(
        Area.CONFIGURATION,
        f"The place of `{line}` is taken by {found}, which belongs to {owner}; {line.why}.",
        f"Only one of the two can have it: put `{line.option}: {line.value}` into the section [{line.section}] and "
        f"do without the other, or let the other's class derive from ours in a plugin of your own.",
    )


def _package(dotted: str) -> str:
    """The top-level package of a dotted name."""
    return dotted.strip().partition(".")[0]
