"""The site's settings: the INI file that ``configuration:`` in ``[plugin.pgp]`` of ``mailman.cfg`` names.

It has one section, ``[pgp]``, in which only ``key_file`` must be given.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mailman_plugin_kit.settings import SettingsError, meant, read

if TYPE_CHECKING:
    import configparser

_SECTION = "pgp"


@dataclass(frozen=True, slots=True)
class SiteSettings:
    """What an operator decides for the whole site; the names are those of the options."""

    key_file: Path
    work_dir: Path | None = None  # progress of deliveries; None: mailman-pgp/ in Mailman's data directory
    chunk_recipients: int = 500  # a chunk of a post is the unit of parallelism and of recovery
    chunk_bytes: int = 2**18  # chunks of a post of n times this size hold n times as many recipients
    max_message_bytes: int = 32 * 2**20
    replay_window_days: int = 30
    worker_memory_mb: int = 1024
    worker_seconds: int = 60


# The least and the greatest sensible value of each number.
_RANGES: dict[str, tuple[int, int]] = {
    "chunk_recipients": (1, 10_000),
    "chunk_bytes": (1, 2**31),
    "max_message_bytes": (1024, 2**30),
    "replay_window_days": (1, 3650),
    "worker_memory_mb": (128, 65_536),
    "worker_seconds": (1, 3600),
}
_PATHS = frozenset({"key_file", "work_dir"})


def load(path: Path) -> SiteSettings:
    """Read the settings file at `path`.

    :raises SettingsError: when it is missing or unreadable, has an unknown section or option, or a value out of range.
    """
    section = _section(path)
    names = [field.name for field in dataclasses.fields(SiteSettings)]
    for option in section:
        if option not in names:
            raise SettingsError(
                f"There is no option {option}, which {path} sets in [{_SECTION}]. {meant(option, names)}"
            )
    if not section.get("key_file", "").strip():
        raise SettingsError(
            f"{path} names no key file. Put `key_file: /etc/mailman3/mailman-pgp.key` into [{_SECTION}], "
            f"and run `mailman-pgp init`."
        )
    paths = {name: _path(path, name, section[name]) for name in _PATHS if section.get(name, "").strip()}
    numbers = {name: _number(path, name, section[name]) for name in _RANGES if name in section}
    return SiteSettings(**paths, **numbers)  # type: ignore[arg-type]  # each name has the type of its dictionary


def _section(path: Path) -> configparser.SectionProxy:
    parser = read(path, plugin="pgp", section=_SECTION)
    others = [name for name in parser.sections() if name != _SECTION]
    if others:
        raise SettingsError(
            f"The settings file {path} has a section [{others[0]}], which means nothing here. "
            f"Everything stands in [{_SECTION}]."
        )
    if not parser.has_section(_SECTION):
        raise SettingsError(f"The settings file {path} has no section [{_SECTION}]. Put it above its options.")
    return parser[_SECTION]


def _path(path: Path, name: str, text: str) -> Path:
    value = Path(text.strip())
    if not value.is_absolute():
        raise SettingsError(f"{name} in {path} must be an absolute path, one that begins with a slash.")
    return value


def _number(path: Path, name: str, text: str) -> int:
    least, greatest = _RANGES[name]
    try:
        value = int(text)
    except ValueError:
        value = least - 1
    if not least <= value <= greatest:
        raise SettingsError(f"{name} in {path} must be a whole number from {least} to {greatest}.")
    return value
