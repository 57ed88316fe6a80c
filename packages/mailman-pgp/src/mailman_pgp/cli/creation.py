"""Making what a site needs before its first encrypted list: the key file and the settings file.

Everything that speaks against it is found before anything is written.
"""

from __future__ import annotations

import os
import pwd
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from mailman_pgp.cli.settings_text import settings_text
from mailman_pgp.site import doctor_config, doctor_database, doctor_keyfile
from mailman_pgp.site.settings import load
from mailman_pgp.site.sitekey import SiteKey, SiteKeyError, lies_below
from mailman_plugin_kit.settings import SettingsError

KEY_FILE = Path("pgp") / "site.key"
SETTINGS_FILE = "mailman-pgp.cfg"


class CreationError(Exception):
    """The site can't be prepared like this; the text is a sentence that says what to do."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be made, all paths absolute; `settings_exist` when the settings file is there and fits."""

    config: doctor_config.CoreConfiguration
    key_file: Path
    settings_file: Path
    settings_exist: bool
    owner: pwd.struct_passwd


def plan(config: Path | None, key_file: Path | None, settings_file: Path | None, owner: str | None) -> Plan:
    """Fill in what was not given, and refuse what can't be; writes nothing.  Raises `CreationError`."""
    found = config or doctor_config.search()
    if found is None:
        raise CreationError("There is no mailman.cfg where Mailman looks for one: name it with --config FILE.")
    try:
        core = doctor_config.read(found)
    except doctor_config.ConfigurationError as problem:
        raise CreationError(str(problem)) from problem
    settings_file = (settings_file or core.path.parent / SETTINGS_FILE).absolute()
    settings_exist = settings_file.exists()
    named = _named_key_file(settings_file) if settings_exist else None
    key_file = (key_file or named or core.path.parent / KEY_FILE).absolute()
    if named is not None and named != key_file:
        raise CreationError(
            f"{settings_file} is there already and names the key file {named}. Leave out --key-file to use that one, "
            f"correct the file, or name another one with --settings."
        )
    if lies_below(key_file, core.var_dir):
        raise CreationError(
            f"{key_file} lies below Mailman's var directory {core.var_dir}, so each backup of the data would hold its "
            f"key. Name a place outside it with --key-file."
        )
    _refuse_second_key(core, key_file)
    return Plan(core, key_file, settings_file, settings_exist, owner_of(core, owner))


def create(prepared: Plan) -> SiteKey:
    """Write the key file, and the settings file where there is none.  Raises `CreationError`."""
    try:
        if not prepared.settings_exist:
            _write_settings(prepared)
        try:
            return _write_key(prepared)
        except BaseException:
            if not prepared.settings_exist:
                prepared.settings_file.unlink()
            raise
    except SiteKeyError as problem:
        raise CreationError(str(problem)) from problem
    except OSError as problem:
        raise CreationError(
            f"{problem.filename or prepared.settings_file} can't be made ({problem.strerror}). Create its directory, and "
            f"run this as a user who may write there, such as root."
        ) from problem


def _write_settings(prepared: Plan) -> None:
    # Before the key: one that was left behind would be taken for a site's own the next time.
    with prepared.settings_file.open("x", encoding="utf-8") as file:
        os.fchmod(file.fileno(), 0o644)  # it holds no secret, and Mailman must read it
        file.write(settings_text(prepared.key_file))


def _write_key(prepared: Plan) -> SiteKey:
    make_directory(prepared.key_file.parent, prepared.owner)
    return SiteKey.create(prepared.key_file, (prepared.owner.pw_uid, prepared.owner.pw_gid))


def make_directory(directory: Path, owner: pwd.struct_passwd) -> None:
    """Make the directory of a key file, for its owner alone, where there is none; raises OSError."""
    if not directory.exists():
        directory.mkdir(mode=0o700)
        os.chown(directory, owner.pw_uid, owner.pw_gid, follow_symlinks=False)


def _named_key_file(settings_file: Path) -> Path:
    try:
        return load(settings_file).key_file
    except SettingsError as problem:
        raise CreationError(str(problem)) from problem


def _refuse_second_key(core: doctor_config.CoreConfiguration, key_file: Path) -> None:
    """A new key for a database that was sealed with another one would open nothing in it."""
    if key_file.exists() or key_file.is_symlink():
        raise CreationError(
            f"There is a file {key_file} already. It was left alone: what was sealed with the key in it could never be "
            f"opened without it. Use it, or name another file with --key-file."
        )
    try:
        with doctor_database.connection(core) as connected:
            recorded = doctor_database.recorded_key_id(connected)
    except (doctor_database.UnreachableError, SQLAlchemyError):
        return  # no database yet, or one that `mailman-pgp check` will tell about
    if recorded is not None:
        raise CreationError(
            f"Mailman's database was sealed with the site key {recorded}; a new key could open nothing in it. Restore the "
            f"file of that key to {key_file} from its backup."
        )


def owner_of(core: doctor_config.CoreConfiguration, name: str | None) -> pwd.struct_passwd:
    """The user who is to own the key: the one named, or the one who owns Mailman's var directory, or ourselves.

    Raises `CreationError` when there is no such user, or only root can do it for them.
    """
    try:
        if name is not None:
            entry = pwd.getpwnam(name)
        else:
            user = doctor_keyfile.user_of_mailman(core)
            entry = pwd.getpwuid(os.geteuid() if user is None else user)
    except KeyError:
        raise CreationError(
            f"There is no user {name}: name the one that runs Mailman with --owner."
            if name is not None
            else "The user that runs Mailman has no name: name one with --owner."
        ) from None
    if os.geteuid() not in (0, entry.pw_uid):
        raise CreationError(
            f"Only root can make a key file that belongs to {entry.pw_name}: run this as root, or as {entry.pw_name}."
        )
    return entry
