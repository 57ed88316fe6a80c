"""The configuration files of a sandbox: ``mailman.cfg`` as an administrator would write it, and what it names."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from lazr.config import as_timedelta

from mailman_pgp.sandbox.place import Place, replace_file
from mailman_pgp.sandbox.ports import LOOPBACK
from mailman_pgp.site.lines import REQUIRED_LINES, Expectation

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

REST_USER = "restadmin"
SITE_SECTION = "pgp"
"""The section of the plugin's own settings file; ``--set`` and ``--omit`` reach it by this name."""

# core's runners with `start: yes`, and those of them that look into a queue at each `sleep_time`.
QUEUE_RUNNERS = ("archive", "bounces", "command", "digest", "in", "out", "pipeline", "virgin")
STARTED_RUNNERS = (*QUEUE_RUNNERS, "lmtp", "rest", "retry", "task")

# Core waits fifteen minutes; who tries out refusals wants to see the second attempt.
RETRY_SLEEP_TIME = "0.3s"
# Each time it looks into its queue it asks the database too: many times a second, that costs more than all others together.
BOUNCES_SLEEP_TIME = "0.5s"
# Core stops restarting a runner after ten times; tests kill one more often than that.
MAX_RESTARTS = 1000

_DATABASE_CLASSES = {
    "sqlite": "mailman.database.sqlite.SQLiteDatabase",
    "postgresql": "mailman.database.postgresql.PostgreSQLDatabase",
}
_SLEEP_TIME = re.compile(r"[0-9]+(\.[0-9]+)?[smhd]")  # lazr.config knows no milliseconds

Sections = dict[str, dict[str, str]]


class ConfigurationError(Exception):
    """An option that can't be followed; the text says what to write instead."""


@dataclass(frozen=True, slots=True)
class Options:
    """What a person may choose.

    `omit` holds names of lines (``mta.outgoing``) or sections (``plugin.pgp``) to leave out, for ``runner.NAME`` the
    line with its class; `settings` holds texts like ``mta.max_recipients=50``.  `sleep_time` is in lazr.config's form.
    """

    plugin: bool = True
    database_url: str | None = None
    sleep_time: str = "0.05s"
    no_runners: Sequence[str] = ()
    omit: Sequence[str] = ()
    settings: Sequence[str] = ()


@dataclass(frozen=True, slots=True, repr=False)
class Doors:
    """The ports of the sandbox, all on the loopback interface, and the password of its REST interface."""

    lmtp: int
    smtp: int
    rest: int
    rest_password: str


def write(place: Place, options: Options, doors: Doors) -> None:
    """Write all configuration files.  Raises ConfigurationError and OSError."""
    core, site = sections(place, options, doors)
    replace_file(place.config, _as_text(core, ": "))
    replace_file(
        place.gunicorn_config,
        # gunicorn 27 would open one control socket for all servers of a user.
        "[gunicorn]\ncontrol_socket_disable = true\ngraceful_timeout = 2\ntimeout = 360\n",
    )
    if options.plugin:
        replace_file(place.site_config, _as_text(site, " = "))


def sections(place: Place, options: Options, doors: Doors) -> tuple[Sections, Sections]:
    """The sections of ``mailman.cfg`` and of the plugin's settings file.  Raises ConfigurationError."""
    if forbidden := re.search(r"[%$\s]", str(place.root)):
        raise ConfigurationError(f"Choose a directory without {forbidden[0]!r} in its path: Mailman would expand it.")
    if not _SLEEP_TIME.fullmatch(options.sleep_time):
        raise ConfigurationError(f"{options.sleep_time!r} is no time: write one such as 0.05s or 1m.")
    core = _stock(place, options, doors)
    site: Sections = {}
    if options.plugin:
        for line in REQUIRED_LINES:
            value = str(place.site_config) if line.expectation is Expectation.ABSOLUTE_PATH else line.value
            core.setdefault(line.section, {})[line.option] = value
        site[SITE_SECTION] = {"key_file": str(place.site_key)}
    for name in options.no_runners:
        if name not in STARTED_RUNNERS:
            raise ConfigurationError(f"There is no runner {name!r}: choose from {', '.join(STARTED_RUNNERS)}.")
        core[f"runner.{name}"]["start"] = "no"
    for setting in options.settings:
        _set(core, site, setting)
    for name in options.omit:
        _omit(core, site, name)
    return core, site


def _stock(place: Place, options: Options, doors: Doors) -> Sections:
    core: Sections = {
        "mailman": {"site_owner": "postmaster@example.com", "layout": "here"},
        "paths.here": {"var_dir": str(place.var)},
        "mta": {
            "incoming": "mailman.mta.null.NullMTA",
            "lmtp_host": LOOPBACK,
            "lmtp_port": str(doors.lmtp),
            "smtp_host": LOOPBACK,
            "smtp_port": str(doors.smtp),
        },
        "webservice": {
            "hostname": LOOPBACK,
            "port": str(doors.rest),
            "admin_user": REST_USER,
            "admin_pass": doors.rest_password,
            "workers": "1",
            "configuration": str(place.gunicorn_config),
        },
    }
    if options.database_url is not None:
        scheme = urlsplit(options.database_url).scheme
        if scheme not in _DATABASE_CLASSES:
            raise ConfigurationError(
                f"No database is known by {scheme!r}: write a URL that begins with sqlite:/// or postgresql://."
            )
        core["database"] = {
            "class": _DATABASE_CLASSES[scheme],
            "url": options.database_url.replace("$", "$$"),
        }  # core expands $NAME
    for name in STARTED_RUNNERS:
        core[f"runner.{name}"] = {"max_restarts": str(MAX_RESTARTS)}
    for name in QUEUE_RUNNERS:
        core[f"runner.{name}"]["sleep_time"] = options.sleep_time
    core["runner.bounces"]["sleep_time"] = max(options.sleep_time, BOUNCES_SLEEP_TIME, key=as_timedelta)
    core["runner.retry"]["sleep_time"] = RETRY_SLEEP_TIME
    return core


def _set(core: Sections, site: Sections, setting: str) -> None:
    name, equals, value = setting.partition("=")
    section, dot, option = name.strip().rpartition(".")
    if not equals or not dot or "\n" in value:
        raise ConfigurationError(f"{setting!r} sets nothing: write SECTION.OPTION=VALUE, as mta.max_recipients=50.")
    target = site if section == SITE_SECTION else core
    target.setdefault(section, {})[option] = value.strip()


def _omit(core: Sections, site: Sections, name: str) -> None:
    if name.startswith("runner.") and name.count(".") == 1:
        name = f"{name}.class"
    for target in (core, site):
        section, _, option = name.rpartition(".")
        if name in target:
            del target[name]
            return
        if option in target.get(section, {}):
            del target[section][option]
            return
    raise ConfigurationError(f"There is no line {name!r} to leave out: write SECTION.OPTION or a section's name.")


def _as_text(content: Mapping[str, Mapping[str, str]], separator: str) -> str:
    blocks = (
        f"[{section}]\n" + "".join(f"{option}{separator}{value}\n" for option, value in lines.items())
        for section, lines in content.items()
    )
    return "\n".join(blocks)
