"""The backup of a site: its key, encrypted, and nothing else.

The database and Mailman's directory are backed up as any data; without the key they tell nothing of posts.  The key is
what must lie elsewhere, and what nobody can make again.  So a backup holds the key alone: it is small enough for a sheet of
paper, stays good until the key is replaced, and is worth nothing without the data.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlalchemy.exc import SQLAlchemyError

from mailman_pgp import openpgp
from mailman_pgp.cli.creation import CreationError
from mailman_pgp.openpgp import CertificateError, CertificateProblem, OpeningError, OpenPGPError, WorkshopError
from mailman_pgp.site import doctor_config, doctor_database, private_file
from mailman_pgp.site.lines import values_in_force
from mailman_pgp.site.settings import load
from mailman_pgp.site.sitekey import SiteKey, SiteKeyError, lies_below
from mailman_plugin_kit.settings import SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_MAGIC = "mailman-pgp-backup-v1"
_TIME = "%Y-%m-%dT%H:%M:%SZ"


@dataclass(frozen=True, slots=True, repr=False)
class Backup:
    """What is in a backup: the site's key, and when it was backed up (naive UTC)."""

    key: SiteKey
    made: datetime

    @classmethod
    def of(cls, key: SiteKey) -> Backup:
        """A backup of a key, made now."""
        return cls(key, datetime.now(UTC).replace(tzinfo=None, microsecond=0))

    def as_text(self) -> str:
        """What is encrypted."""
        return f"{_MAGIC} {self.made:{_TIME}}\n{self.key.as_text()}"

    @classmethod
    def of_text(cls, text: str) -> Backup:
        """The backup of which `as_text` is this text; raises CreationError."""
        head, _, key = text.replace("\r\n", "\n").partition("\n")
        magic, _, made = head.partition(" ")
        try:
            if magic == _MAGIC:
                return cls(SiteKey.of_text(key), datetime.strptime(made, _TIME))  # noqa: DTZ007 - naive UTC, as everywhere
        except (SiteKeyError, ValueError):
            pass
        raise CreationError(
            "What is in this is no backup of a site key that this version can read. Nothing was written."
        )


def core_configuration(config: Path | None) -> doctor_config.CoreConfiguration:
    """Mailman's configuration: the one named, or the one that Mailman would find; raises CreationError."""
    found = config or doctor_config.search()
    if found is None:
        raise CreationError("There is no mailman.cfg where Mailman looks for one: name it with --config FILE.")
    try:
        return doctor_config.read(found)
    except doctor_config.ConfigurationError as problem:
        raise CreationError(str(problem)) from problem


def named_key_file(core: doctor_config.CoreConfiguration) -> Path:
    """The key file of a site, whether it is there or not; raises CreationError."""
    settings = values_in_force(core).get(("plugin.pgp", "configuration"))
    if settings is None:
        raise CreationError(
            f"{core.path} names no settings file: the line `configuration` in [plugin.pgp] is missing. `mailman-pgp check` says "
            "what belongs there."
        )
    try:
        return load(core.path.parent / settings).key_file
    except SettingsError as problem:
        raise CreationError(str(problem)) from problem


def key_of(core: doctor_config.CoreConfiguration) -> tuple[SiteKey, bool]:
    """The key of a site, and whether its database was asked for it; raises CreationError when that is of another key."""
    try:
        key = SiteKey.load(named_key_file(core))
    except SiteKeyError as problem:
        raise CreationError(str(problem)) from problem
    try:
        with doctor_database.connection(core) as connected:
            recorded = doctor_database.recorded_key_id(connected)
    except (doctor_database.UnreachableError, SQLAlchemyError):
        return key, False
    if recorded is not None and recorded not in _ids(key):
        raise CreationError(
            f"The key file holds the site key {key.key_id}, but Mailman's database was sealed with {recorded}: this backup would "
            f"open nothing. `mailman-pgp check` says what to do."
        )
    return key, True


def require_new(path: Path, core: doctor_config.CoreConfiguration) -> None:
    """Refuse a place where no backup is to be, or something is already; raises CreationError."""
    if lies_below(path, core.var_dir):
        raise CreationError(
            f"{path} lies below Mailman's var directory {core.var_dir}, whose backups are to hold no key, even encrypted. Name a "
            "place outside it."
        )
    if os.path.lexists(path):
        raise _exists(path)


def write(path: Path, message: bytes, core: doctor_config.CoreConfiguration) -> None:
    """Write an encrypted backup into a new file, readable by its owner only; raises CreationError."""
    require_new(path, core)
    try:
        private_file.create(path, message)
    except FileExistsError:
        raise _exists(path) from None
    except OSError as error:
        raise CreationError(f"{path} can't be written ({error.strerror}). Name another file.") from None


def content_of(path: Path, most_bytes: int, what: str) -> bytes:
    """What is in a file, as far as a limit; raises CreationError, which asks for the file with `what`.

    A named pipe is waited for: the shell makes one of `<(gpg --decrypt ...)`.
    """
    try:
        with path.open("rb") as file:
            return file.read(most_bytes)
    except OSError as error:
        raise CreationError(f"{path} can't be read ({error.strerror}). Name {what}.") from None


def _exists(path: Path) -> CreationError:
    return CreationError(f"There is a file {path} already. It was left alone; name another one.")


def encrypted_to(backup: Backup, certificate: bytes, core: doctor_config.CoreConfiguration) -> tuple[bytes, str]:
    """A backup that the secret key of a certificate opens, and the fingerprint of that.

    :raises CreationError: when it can't be used, or is a list's: its secret key is under the very key that is backed up.
    """
    try:
        known = openpgp.read_certificate(certificate)
        if known.usability.problem is not None:
            raise CertificateError(known.usability.problem)
        _require_elsewhere(known.fingerprint, core)
        return openpgp.encrypt_to(backup.as_text().encode("ascii"), known), known.fingerprint
    except OpenPGPError as error:
        if isinstance(error, CertificateError) and error.problem is CertificateProblem.SECRET_KEY:
            # The boundary speaks to somebody who sent it by mail.  This one did not leave the machine.
            raise CreationError(
                "Nothing was written. This is a secret key, and the backup is encrypted to the public part of it: name a file with that "
                "(gpg --armor --export ADDRESS). Keep the secret key on another machine than this."
            ) from None
        raise CreationError(f"Nothing was written. {error}") from error


def _require_elsewhere(fingerprint: str, core: doctor_config.CoreConfiguration) -> None:
    try:
        with doctor_database.connection(core) as connected:
            list_id = doctor_database.list_with_key(connected, fingerprint)
    except (doctor_database.UnreachableError, SQLAlchemyError):
        return
    if list_id is not None:
        raise CreationError(
            f"Nothing was written. This is the certificate of {list_id}, whose secret key is sealed under the site's key: once that is "
            "lost, nothing opens the backup. Name a certificate of your own."
        )


def by_passphrase(backup: Backup, passphrase: str) -> bytes:
    """A backup that the passphrase opens, which was tried; raises CreationError."""
    text = backup.as_text().encode("ascii")
    message = openpgp.encrypt_by_passphrase(text, passphrase)
    try:
        opened = openpgp.open_by_passphrase(message, passphrase)
    except OpenPGPError:
        opened = b""
    if opened != text:
        raise CreationError("The backup that was made does not open, so nothing was written. Try again.")
    return message


def read(content: bytes, passphrase: Callable[[], str]) -> Backup:
    """The backup in a file, opened by a passphrase where it needs one; or as somebody has opened it by their own key.

    :raises CreationError: when there is none, or it does not open.
    """
    if content.startswith(_MAGIC.encode()):
        text = content
    elif openpgp.takes_passphrase(content):
        try:
            text = openpgp.open_by_passphrase(content, passphrase())
        except OpeningError:
            raise CreationError(
                "The passphrase does not open this backup, or the backup is damaged. Nothing was written. Try again; if it is the "
                "right one, take another copy of the backup."
            ) from None
        except WorkshopError as problem:
            raise CreationError(f"{problem} Nothing was written.") from None
    else:
        raise CreationError(
            "This is no backup that a passphrase opens. If it is encrypted to a certificate of yours, let its key open it: "
            "gpg --decrypt FILE | mailman-pgp restore -"
        )
    return Backup.of_text(text.decode("ascii", "replace"))


def require_same_site(core: doctor_config.CoreConfiguration, key: SiteKey) -> None:
    """Refuse a key that is not that of Mailman's database; raises CreationError."""
    try:
        with doctor_database.connection(core) as connected:
            recorded = doctor_database.recorded_key_id(connected)
            foreign = doctor_database.foreign_lists(connected, _ids(key)) if recorded in _ids(key) else []
    except (doctor_database.UnreachableError, SQLAlchemyError) as problem:
        reason = str(problem) if isinstance(problem, doctor_database.UnreachableError) else "It answers with an error."
        raise CreationError(
            f"Mailman's database can't be asked whether this key is its own. {reason} Nothing was written. Restore the database "
            "first, then the key."
        ) from None
    if recorded is None:
        raise CreationError(
            "Mailman's database was sealed with no site key yet, so this key is not its own. Nothing was written. Restore the "
            "database first, then the key; for a new site make a new key (`mailman-pgp init`)."
        )
    if recorded not in _ids(key):
        raise CreationError(
            f"This is the backup of another site, or of another time: it holds the site key {key.key_id}, and Mailman's database was "
            f"sealed with {recorded}. Nothing was written. Take the backup that belongs to this database."
        )
    if foreign:
        raise CreationError(
            f"Mailman's database was sealed with this key, but the list keys of {', '.join(foreign)} with another one. Nothing was "
            "written. Take the backup that belongs to this database."
        )


def _ids(key: SiteKey) -> list[str]:
    return [one.key_id for one in key.generations]
