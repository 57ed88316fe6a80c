"""``mailman.cfg`` as core would load it, read without initialising core.

The doctor has to work when core does not start, so this uses only lazr.config and the two files that core ships beside
its code (its schema and its minimal configuration), and repeats two of core's rules: where the file is searched for
(`mailman.core.initialize`) and how the paths of the chosen layout are expanded (`mailman.config.config`).  Unlike core
it creates no directory.
"""

from __future__ import annotations

import configparser
import importlib.util
import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from string import Template
from textwrap import dedent
from typing import TYPE_CHECKING, Any

from lazr.config import ConfigSchema
from lazr.config.interfaces import ConfigSchemaError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mailman_pgp.site.lines import Section

DIRECTORY_NAMES = ("archive", "bin", "cache", "data", "etc", "list_data", "lock", "log", "messages", "queue")
ENVIRONMENT_CONFIG = "MAILMAN_CONFIG_FILE"
ENVIRONMENT_VAR_DIR = "MAILMAN_VAR_DIR"
_HEADER = re.compile(r"\[(?P<name>[^]]+)\]")
_OPTION = re.compile(r"(?P<name>[^\s#;:=][^:=]*)[:=]")  # not a comment, nor the continuation of a value


class ConfigurationError(Exception):
    """``mailman.cfg`` can't be found or read; the text is a sentence that says what to do."""


@dataclass(frozen=True, slots=True)
class CoreConfiguration:
    """What ``mailman.cfg`` at `path` says, with core's defaults below it.

    `paths` maps core's names (``var_dir``, ``data_dir``, …) to absolute paths.  `remarks` are sentences about lines
    that core ignores silently, or that stand twice.
    """

    path: Path
    sections: Mapping[str, Section]
    paths: Mapping[str, str]
    remarks: tuple[str, ...]

    def __iter__(self) -> Iterator[Section]:
        """The sections, as core's own ``config`` object iterates over them."""
        return iter(self.sections.values())

    @property
    def var_dir(self) -> Path:
        """Mailman's var directory: all that its backup holds."""
        return Path(self.paths["var_dir"])

    @property
    def database_url(self) -> str:
        """The SQLAlchemy URL of Mailman's database, with core's path variables filled in."""
        raw = self.sections["database"]["url"]
        upper = {name.upper(): value for name, value in self.paths.items() if name.endswith("_dir")}
        return Template(raw).safe_substitute({**self.paths, **upper})


def search(environment: Mapping[str, str] = os.environ) -> Path | None:
    """The file that core would take when it is given none, or None."""
    home = environment.get("HOME", "~")
    beside_program = Path(sys.argv[0]).parent.parent
    candidates = [
        *([environment[ENVIRONMENT_CONFIG]] if environment.get(ENVIRONMENT_CONFIG) else []),
        "mailman.cfg",
        "var/etc/mailman.cfg",
        f"{home}/.mailman.cfg",
        "/etc/mailman.cfg",
        "/etc/mailman3/mailman.cfg",
        str(beside_program / "etc" / "mailman.cfg"),
    ]
    for candidate in candidates:
        path = Path(candidate).absolute()
        if path.exists():
            return path
    return None


def read(path: Path, environment: Mapping[str, str] = os.environ) -> CoreConfiguration:
    """Read the ``mailman.cfg`` at `path`; `ConfigurationError` says why it can't be."""
    path = path.absolute()
    core = _core_directory()
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(
            f"{path} can't be read ({error.strerror}); name Mailman's configuration with --config FILE."
        ) from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{path} is not UTF-8 text; save it as UTF-8.") from error
    try:
        loaded = ConfigSchema(str(core / "schema.cfg")).load(str(core / "mailman.cfg"))
        loaded.push(str(path), text)
    except (configparser.Error, ConfigSchemaError, OSError, ValueError) as error:
        first_line = str(error).partition("\n")[0]
        raise ConfigurationError(
            f"{path} is not a configuration that Mailman can load: {first_line} Correct that line."
        ) from error
    sections = {section.name: section for section in loaded}
    return CoreConfiguration(path, sections, _expand(sections, path, environment), tuple(_remarks(sections, text)))


def _core_directory() -> Path:
    """Where core keeps its schema; found without importing core, whose import may be what fails."""
    spec = importlib.util.find_spec("mailman")
    if spec is None or not spec.submodule_search_locations:
        raise ConfigurationError(
            "GNU Mailman is not installed for this Python; install mailman-pgp into Mailman's own environment."
        )
    return Path(spec.submodule_search_locations[0]) / "config"


def _expand(sections: Mapping[str, Any], path: Path, environment: Mapping[str, str]) -> dict[str, str]:
    """Core's path variables for the layout in force, as absolute paths (`Configuration._expand_paths`)."""
    layout = sections.get(f"paths.{sections['mailman']['layout']}")
    if layout is None:
        raise ConfigurationError(
            f"{path} chooses the layout {sections['mailman']['layout']!r} in [mailman], "
            f"but has no section [paths.{sections['mailman']['layout']}]; add it or choose another layout."
        )
    values = {
        "cwd": str(Path.cwd()),
        "argv": str(Path(sys.executable).parent.absolute()),
        "var_dir": environment.get(ENVIRONMENT_VAR_DIR, layout["var_dir"]),
        "cfg_file": str(path),
    }
    values.update({f"{name}_dir": layout[f"{name}_dir"] for name in DIRECTORY_NAMES})
    values.update({name: layout[name] for name in ("pid_file", "lock_file")})
    unresolved = [name for name, value in values.items() if "$" in value]
    while unresolved:
        values = {name: Template(value).safe_substitute(values) for name, value in values.items()}
        before, unresolved = unresolved, [name for name, value in values.items() if "$" in value]
        # A round that resolves nothing goes round in circles, and would grow without end.
        if len(unresolved) == len(before):
            raise ConfigurationError(
                f"{path} defines paths that can't be expanded: {', '.join(sorted(unresolved))}. "
                f"Correct them in the section [{layout.name}]."
            )
    return {name: os.path.abspath(value) for name, value in values.items()}  # noqa: PTH100 - as core: `..` is folded


def _remarks(sections: Mapping[str, Section], text: str) -> Iterator[str]:
    """Sentences about what core passes over in silence."""
    lenient = configparser.RawConfigParser(strict=False)
    lenient.read_string(dedent(text))
    for name in lenient.sections():
        if name == "meta":
            continue
        if name not in sections:
            yield f"Mailman ignores the section [{name}]: it knows none of that name."
            continue
        for option in lenient.options(name):
            if not _knows(sections[name], option):
                yield f"Mailman ignores the line `{option}` in the section [{name}]: it knows no option of that name."
    yield from _set_twice(text)


def _set_twice(text: str) -> Iterator[str]:
    """Sentences about options that stand twice: a section may, and the last value of an option counts."""
    section = ""
    first_line: dict[tuple[str, str], int] = {}
    for number, line in enumerate(dedent(text).splitlines(), start=1):
        if header := _HEADER.match(line):
            section = header["name"]
        elif option := _OPTION.match(line):
            name = option["name"].strip().lower()
            if (section, name) in first_line:
                yield (
                    f"The option {name} of the section [{section}] stands in line {first_line[section, name]} and again in "
                    f"line {number}; the last value counts."
                )
            first_line[section, name] = number


def _knows(section: Section, option: str) -> bool:
    """Whether core's schema has this option in this section."""
    try:
        section[option]
    except KeyError:
        return False
    return True
