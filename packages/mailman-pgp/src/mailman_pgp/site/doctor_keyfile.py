"""The doctor's look at our settings file and at the site's key file."""

from __future__ import annotations

import os
import pwd
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mailman_pgp.site.doctor_findings import Area, Finding, error, information, warning
from mailman_pgp.site.lines import values_in_force
from mailman_pgp.site.settings import SiteSettings, load
from mailman_pgp.site.sitekey import SiteKey, SiteKeyError, lies_below
from mailman_plugin_kit.settings import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mailman_pgp.site.doctor_config import CoreConfiguration


@dataclass(frozen=True, slots=True)
class KeyFileReport:
    """What was found, and the ids of the keys in it where it could be read: of the key, and of the one that it replaces."""

    findings: tuple[Finding, ...]
    key_ids: tuple[str, ...] = ()


def examine(config: CoreConfiguration) -> KeyFileReport:
    """Look at the settings that ``configuration:`` names, and at the key file that they name.

    Without such a line there is nothing to look at; that it is missing is `doctor_lines`' finding.
    """
    settings_file = values_in_force(config).get(("plugin.pgp", "configuration"))
    if settings_file is None or not Path(settings_file).is_absolute():
        return KeyFileReport(())
    mailman_user = user_of_mailman(config)
    try:
        settings = load(Path(settings_file))
    except SettingsError as problem:
        return KeyFileReport((error(Area.KEY_FILE, *_halves(str(problem))),))
    findings = list(_about_owner(Path(settings_file), mailman_user, what="settings file", private=False))
    findings += _about_place(settings, config)
    try:
        key = SiteKey.load(settings.key_file)
    except SiteKeyError as problem:
        if _only_we_may_not_read(settings.key_file, mailman_user):
            findings.append(
                warning(
                    Area.KEY_FILE,
                    f"The key file {settings.key_file} can't be looked at by the user who runs this check.",
                    "Run `mailman-pgp check` as root, or as the user that runs Mailman.",
                )
            )
        else:
            findings.append(error(Area.KEY_FILE, *_halves(str(problem))))
        return KeyFileReport(tuple(findings))
    findings += _about_owner(settings.key_file, mailman_user, what="key file", private=True)
    if key.retired is not None:
        findings.append(
            warning(
                Area.KEY_FILE,
                f"The site key {key.retired.key_id} is being replaced by {key.key_id}, and not everything is sealed under that yet.",
                "Stop Mailman and run `mailman-pgp rotate-site-key`, which goes on from there. Until then all works as before.",
            )
        )
    return KeyFileReport(tuple(findings), tuple(one.key_id for one in key.generations))


def user_of_mailman(config: CoreConfiguration) -> int | None:
    """The id of the user that runs Mailman: the one who owns its var directory; None before its first start."""
    try:
        return config.var_dir.stat().st_uid
    except OSError:
        return None


def name_of(user: int) -> str:
    """The name of a user, or its id in words where it has none."""
    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return f"user {user}"


def _about_place(settings: SiteSettings, config: CoreConfiguration) -> Iterator[Finding]:
    path = settings.key_file
    if lies_below(path, config.var_dir):
        yield error(
            Area.KEY_FILE,
            f"The key file {path} lies below Mailman's var directory {config.var_dir}, so each backup of the data holds "
            f"its key.",
            f"Move it to a directory of its own, such as {config.path.parent / 'pgp'}, and correct key_file.",
        )
    directory = path.parent
    try:
        mode = directory.stat().st_mode
    except OSError:
        return  # the key file itself will be found missing or unreadable
    if mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
        yield error(
            Area.KEY_FILE,
            f"Everybody may replace the key file: its directory {directory} is writable by all.",
            f"Run `chmod o-w {directory}`.",
        )


def _about_owner(path: Path, mailman_user: int | None, *, what: str, private: bool) -> Iterator[Finding]:
    if mailman_user is None:
        yield information(
            Area.KEY_FILE,
            f"Whether the {what} {path} belongs to the right user will be known after Mailman's first start.",
        )
        return
    try:
        status = path.stat()
    except OSError:
        return  # unreadable: reported by whoever opens it
    user = name_of(mailman_user)
    if private and status.st_uid != mailman_user:
        yield error(
            Area.KEY_FILE,
            f"The {what} {path} belongs to {name_of(status.st_uid)}, but Mailman runs as {user} and can't read it.",
            f"Run `chown {user} {path}`.",
        )
    elif not private and mailman_user != 0 and not _readable_by(status, mailman_user):
        yield error(
            Area.KEY_FILE,
            f"The {what} {path} can't be read by {user}, the user that runs Mailman.",
            f"Run `chmod a+r {path}`; it holds no secret.",
        )


def _readable_by(status: os.stat_result, user: int) -> bool:
    if status.st_uid == user:
        return bool(status.st_mode & stat.S_IRUSR)
    try:
        entry = pwd.getpwuid(user)
        groups = os.getgrouplist(entry.pw_name, entry.pw_gid)
    except KeyError:
        groups = []
    return bool(status.st_mode & (stat.S_IRGRP if status.st_gid in groups else stat.S_IROTH))


def _only_we_may_not_read(path: Path, mailman_user: int | None) -> bool:
    """Whether the key could not be read merely because the person at the keyboard is somebody else."""
    return mailman_user not in (None, os.geteuid()) and os.geteuid() != 0 and not os.access(path, os.R_OK)


def _halves(text: str) -> tuple[str, str]:
    """A text of two sentences, what is wrong and what to do, as two."""
    sentence, stop, mend = text.partition(". ")
    return (sentence + ".", mend) if stop else (text, "Correct it and restart Mailman.")
