"""The doctor's look at what is installed: the versions that our guards were measured on."""

from __future__ import annotations

import re
import sys
from importlib import metadata
from typing import TYPE_CHECKING

from mailman_pgp.site.doctor_findings import Area, Finding, error, warning

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

DISTRIBUTION = "mailman-pgp"
OLDEST_PYTHON = (3, 11)
FIRST_PYTHON_TOO_NEW = (3, 13)
FIRST_SQLALCHEMY_TOO_NEW = (2, 1)
_PIN = re.compile(r"(?P<name>[A-Za-z0-9._-]+)\s*==\s*(?P<version>[^\s;,]+)\s*$")


def examine(
    *, python: tuple[int, int] = (sys.version_info.major, sys.version_info.minor), pins: Mapping[str, str] | None = None
) -> Iterator[Finding]:
    """Compare this Python and its packages with what we need; `pins` defaults to what our distribution pins."""
    if not OLDEST_PYTHON <= python < FIRST_PYTHON_TOO_NEW:
        yield error(
            Area.VERSIONS,
            f"This is Python {python[0]}.{python[1]}; Mailman Core 3.3.10 breaks on it.",
            "Install Mailman and mailman-pgp into an environment of Python 3.11 or 3.12.",
        )
    for name, version in (pinned() if pins is None else pins).items():
        found = _version(name)
        if found is None:
            yield error(Area.VERSIONS, f"{name} is not installed.", f"Run `pip install {name}=={version}`.")
        elif found != version:
            yield warning(
                Area.VERSIONS,
                f"{name} {found} is installed; mailman-pgp was measured on {version} and relies on its details.",
                f"Run `pip install {name}=={version}`, or a release of mailman-pgp made for {name} {found}.",
            )
    sqlalchemy = _version("SQLAlchemy")
    if sqlalchemy is not None and _numbers(sqlalchemy) >= FIRST_SQLALCHEMY_TOO_NEW:
        yield error(
            Area.VERSIONS,
            f"SQLAlchemy {sqlalchemy} is installed; Mailman Core 3.3.10 answers REST requests with errors on it.",
            'Run `pip install "SQLAlchemy>=2.0,<2.1"`.',
        )


def pinned() -> dict[str, str]:
    """The packages that our own metadata asks for in exactly one version; empty when we are not installed."""
    try:
        wanted = metadata.requires(DISTRIBUTION) or []
    except metadata.PackageNotFoundError:
        return {}
    matches = (_PIN.fullmatch(requirement) for requirement in wanted)
    return {match["name"]: match["version"] for match in matches if match}


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _numbers(version: str) -> tuple[int, ...]:
    """The leading numbers of a version: ``2.1.0b1`` gives (2, 1, 0)."""
    found = re.match(r"\d+(?:\.\d+)*", version)
    return tuple(int(part) for part in found[0].split(".")) if found else ()
