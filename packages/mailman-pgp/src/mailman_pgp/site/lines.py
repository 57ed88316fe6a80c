"""The lines of ``mailman.cfg`` without which nothing sealed may be opened, as data.

Core fails open: where one of these lines is missing, its own runner or its own delivery takes our place and would
treat an encrypted list like any other.  So each process compares what core has loaded with this table before it gives
the seal key to anybody (`mailman_pgp.site.health`), and ``mailman-pgp check`` compares the file on the disk.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from pathlib import PurePath
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

# What lazr.config's `as_boolean` takes for true, and core with it.
TRUE_WORDS = frozenset({"1", "enable", "enabled", "on", "true", "yes"})


class Expectation(Enum):
    """How a value is compared with what is required."""

    EXACT = "exact"
    TRUE = "true"
    ABSOLUTE_PATH = "absolute-path"


@dataclass(frozen=True, slots=True)
class RequiredLine:
    """One option that must have one value, and why.

    `value` is what we propose to write; for `Expectation.ABSOLUTE_PATH` it is only an example.
    """

    section: str
    option: str
    value: str
    why: str
    expectation: Expectation = Expectation.EXACT

    def __str__(self) -> str:
        """The line as people write it: ``[section] option: value``."""
        return f"[{self.section}] {self.option}: {self.value}"

    def accepts(self, found: str | None) -> bool:
        """Whether `found`, the value in force or None where there is none, is what is required."""
        if found is None:
            return False
        found = found.strip()
        if self.expectation is Expectation.TRUE:
            return found.lower() in TRUE_WORDS
        if self.expectation is Expectation.ABSOLUTE_PATH:
            return PurePath(found).is_absolute()
        return found == self.value


DEFAULT_SETTINGS_FILE = "/etc/mailman3/mailman-pgp.cfg"

REQUIRED_LINES: tuple[RequiredLine, ...] = (
    RequiredLine(
        "plugin.pgp",
        "class",
        "mailman_pgp.plugin.PGPPlugin",
        "it starts the plugin in every process of Mailman",
    ),
    RequiredLine(
        "plugin.pgp",
        "enabled",
        "yes",
        "core starts a plugin only when it is enabled",
        Expectation.TRUE,
    ),
    RequiredLine(
        "plugin.pgp",
        "component_package",
        "mailman_pgp",
        "core finds the rules, chains, pipelines, styles and commands of the plugin there",
    ),
    RequiredLine(
        "plugin.pgp",
        "configuration",
        DEFAULT_SETTINGS_FILE,
        "it names the plugin's own settings, the site's key file among them",
        Expectation.ABSOLUTE_PATH,
    ),
    RequiredLine(
        "plugin.workflows",
        "class",
        "mailman_workflows.plugin.WorkflowsPlugin",
        "without it people would join encrypted lists by core's own policies, without a key",
    ),
    RequiredLine(
        "plugin.workflows",
        "enabled",
        "yes",
        "without it people would join encrypted lists by core's own policies, without a key",
        Expectation.TRUE,
    ),
    RequiredLine(
        "plugin.workflows",
        "component_package",
        "mailman_workflows",
        "core finds the commands of that plugin there",
    ),
    RequiredLine(
        "mta",
        "outgoing",
        "mailman_pgp.delivery.deliver",
        "without it core would deliver the mail of encrypted lists by its own rules",
    ),
    RequiredLine(
        "runner.in",
        "class",
        "mailman_pgp.runners.IncomingRunner",
        "without it nobody opens and judges what is posted to encrypted lists",
    ),
    RequiredLine(
        "runner.pipeline",
        "class",
        "mailman_pgp.runners.PipelineRunner",
        "without it posts of encrypted lists would go through core's pipelines, archivers and digests",
    ),
    RequiredLine(
        "runner.out",
        "class",
        "mailman_pgp.runners.OutgoingRunner",
        "without it an interrupted delivery is not taken up where it stopped",
    ),
    RequiredLine(
        "runner.command",
        "class",
        "mailman_pgp.runners.CommandRunner",
        "without it core would answer commands by mail on encrypted lists in the clear",
    ),
    RequiredLine(
        "runner.virgin",
        "class",
        "mailman_pgp.runners.VirginRunner",
        "without it what Mailman writes to people of encrypted lists is set aside for good where a disk is full",
    ),
    RequiredLine(
        "runner.retry",
        "class",
        "mailman_pgp.runners.RetryRunner",
        "without it what a mail server refused for now is set aside for good where a disk is full",
    ),
)


class Section(Protocol):
    """A section of core's configuration: lazr.config's `ISection`, as far as we use it."""

    @property
    def name(self) -> str:
        """The section's name, such as ``runner.in``."""
        ...

    def __getitem__(self, option: str, /) -> str:
        """The value of an option; KeyError where the schema has none of that name."""
        ...


def values_in_force(config: Iterable[Section]) -> Mapping[tuple[str, str], str]:
    """The value in force of each required line.

    `config` iterates over sections as core's ``config`` object and lazr.config's `Config` do.  An option that nobody
    set is absent from the result.
    """
    sections = {section.name: section for section in config}
    found: dict[tuple[str, str], str] = {}
    for line in REQUIRED_LINES:
        section = sections.get(line.section)
        if section is not None and (value := section[line.option].strip()):
            found[line.section, line.option] = value
    return found


def violated(values: Mapping[tuple[str, str], str]) -> tuple[tuple[RequiredLine, str | None], ...]:
    """The required lines that are missing or wrong, each with the value found instead (None: there is none)."""
    return tuple(
        (line, found) for line in REQUIRED_LINES if not line.accepts(found := values.get((line.section, line.option)))
    )


def as_configuration(settings_file: str = DEFAULT_SETTINGS_FILE) -> str:
    """The lines for ``mailman.cfg``, as text to paste; `settings_file` is the absolute path of our settings."""
    blocks: dict[str, list[str]] = {}
    for line in REQUIRED_LINES:
        value = settings_file if line.expectation is Expectation.ABSOLUTE_PATH else line.value
        blocks.setdefault(line.section, []).append(f"{line.option}: {value}")
    return "\n".join(f"[{section}]\n" + "".join(f"{text}\n" for text in lines) for section, lines in blocks.items())
