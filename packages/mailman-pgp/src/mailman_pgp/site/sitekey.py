"""The site's key: the one secret that lies outside Mailman's database and var directory.

All that this site seals is encrypted under keys derived from it.  The key file is a single line of text:
``mailman-pgp-site-key-v1 KEYID BASE64``, where BASE64 is 32 random bytes and KEYID, derived from them, is no secret.

While the key is being replaced (`mailman_pgp.rotation`) there is a second line, with the key of before: what is sealed from
then on is sealed under the first, and what was sealed under either opens.
"""

from __future__ import annotations

import base64
import binascii
import os
import re
import stat
from pathlib import Path
from typing import Self

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from mailman_pgp.site import private_file

_MAGIC = "mailman-pgp-site-key-v1"
_KEY_BYTES = 32
_LARGEST_FILE = 1024
_LINE = re.compile(rf"{_MAGIC} (?P<key_id>[0-9a-f]{{8}}) (?P<key>[A-Za-z0-9+/]{{43}}=)")
_MOST_LINES = 2
_NOT_FOR_OTHERS = stat.S_IRWXG | stat.S_IRWXO


class SiteKeyError(Exception):
    """The key file can't be used or made; the text says what to do and holds no part of the key."""


class SiteKey:
    """The site's key, in memory; shows only its `key_id`.

    :ivar retired: The key of before, while this one is taking its place.
    """

    __slots__ = ("_secret", "key_id", "retired")

    def __init__(self, secret: bytes, retired: SiteKey | None = None) -> None:
        """`secret` is 32 bytes from the system's random generator."""
        if len(secret) != _KEY_BYTES:
            raise SiteKeyError("A site key has exactly 32 bytes.")
        self._secret = secret
        self.key_id = self.derive("site key id")[:4].hex()
        self.retired = retired

    def __repr__(self) -> str:
        """Show the key's name, never the key."""
        return f"<SiteKey {self.key_id}>"

    def __reduce__(self) -> str:
        """Refuse to be pickled: whatever is pickled here ends on a disk."""
        raise TypeError("The site key is never pickled.")

    def derive(self, purpose: str) -> bytes:
        """A key of 32 bytes for one purpose (HKDF-SHA256, RFC 5869); another purpose gives an unrelated key."""
        info = b"mailman-pgp v1\0" + purpose.encode()
        return HKDF(algorithm=SHA256(), length=_KEY_BYTES, salt=None, info=info).derive(self._secret)

    @property
    def generations(self) -> tuple[SiteKey, ...]:
        """The keys by which something may be sealed: this one, then the one that it replaces."""
        return (self,) if self.retired is None else (self, self.retired)

    def as_text(self) -> str:
        """What stands in the key file.  Whoever has this text has the key."""
        line = f"{_MAGIC} {self.key_id} {base64.b64encode(self._secret).decode()}\n"
        return line if self.retired is None else line + self.retired.as_text()

    @classmethod
    def new(cls, retired: SiteKey | None = None) -> Self:
        """A new key, which is nowhere but in memory; see above for the other one."""
        return cls(os.urandom(_KEY_BYTES), retired)

    def alone(self) -> SiteKey:
        """This key without the one that it replaces."""
        return SiteKey(self._secret)

    @classmethod
    def of_text(cls, text: str) -> Self:
        """The key of which `as_text` is this text.

        :raises SiteKeyError: when it is something else; the text of the error does not show it.
        """
        lines = text.removesuffix("\n").split("\n")
        secrets = [_secret_of(line) for line in lines[:_MOST_LINES]]
        if len(lines) > _MOST_LINES:
            raise _NotAKeyError
        return cls(secrets[0], SiteKey(secrets[1]) if secrets[1:] else None)

    @classmethod
    def load(cls, path: Path, *, outside: Path | None = None) -> Self:
        """Read the key file at `path`.

        :param outside: Mailman's var directory; when given, a key file below it is refused (also by way of links),
            since every backup of the data would then hold its key.
        :raises SiteKeyError: when the file is missing, not a regular file, open to others, damaged, or below `outside`.
        """
        if outside is not None and lies_below(path, outside):
            raise SiteKeyError(
                f"The key file {path} lies below Mailman's var directory {outside}, so that whoever has the data has "
                f"the key. Move it to a directory of its own, such as /etc/mailman3, and correct key_file."
            )
        try:
            return cls.of_text(_read(path))
        except _NotAKeyError:
            raise _damaged(path) from None

    @classmethod
    def create(cls, path: Path, owner: tuple[int, int] | None = None) -> Self:
        """Make a new key and write it to the new file `path`, which only its owner may read.

        :param owner: As for `write_to`.
        :raises SiteKeyError: when there is a file already (it is left alone), or it can't be written.
        """
        key = cls.new()
        key.write_to(path, owner)
        return key

    def write_to(self, path: Path, owner: tuple[int, int] | None = None) -> None:
        """Write this key to the new file `path`, which only its owner may read.  Raises `SiteKeyError` as `create` does.

        :param owner: The ids of that user and their group; ourselves where not given.
        """
        try:
            private_file.create(path, self.as_text(), owner)
        except FileExistsError:
            raise SiteKeyError(
                f"There is a file {path} already. It was left alone: what was sealed under the key in it could never "
                f"be opened without it. Use it, or name another file."
            ) from None
        except OSError as error:
            raise SiteKeyError(
                f"The key file {path} can't be written ({error.strerror}). Create its directory, and run this as the "
                f"user that may write there."
            ) from None

    def replace_in(self, path: Path) -> None:
        """Write this key to the key file that is there, at one stroke: killed at any moment, one of the two is there whole.

        :raises SiteKeyError: when it can't be written; then the file is as it was.
        """
        try:
            private_file.replace(path, self.as_text())
        except OSError as error:
            raise SiteKeyError(
                f"The key file {path} can't be replaced ({error.strerror}). The user that runs Mailman must be able to write in "
                f"its directory: `chown` that to them, and run this as them."
            ) from None


class _NotAKeyError(SiteKeyError):
    """A text is not that of a key."""

    def __init__(self) -> None:
        super().__init__("This is not the text of a site key.")


def lies_below(path: Path, directory: Path) -> bool:
    """Whether `path`, or what it leads to by links, lies in `directory` or below it."""
    top = Path(os.path.realpath(directory))
    named = Path(os.path.realpath(path.parent)) / path.name
    return any(place.is_relative_to(top) for place in (named, Path(os.path.realpath(path))))


def _read(path: Path) -> str:
    try:
        # Without O_NONBLOCK opening a named pipe would wait for somebody to write into it.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise SiteKeyError(
            f"There is no key file {path}. Run `mailman-pgp init` for a new site; for a site that has encrypted lists, "
            f"restore the file from its backup."
        ) from None
    except OSError as error:
        raise SiteKeyError(
            f"The key file {path} can't be read ({error.strerror}). It must belong to the user that runs Mailman: "
            f"`chown` it to that user."
        ) from None
    try:
        _require_private_file(path, os.fstat(descriptor).st_mode)
        return os.read(descriptor, _LARGEST_FILE).decode("ascii")
    except UnicodeDecodeError:
        raise _damaged(path) from None
    finally:
        os.close(descriptor)


def _require_private_file(path: Path, mode: int) -> None:
    if not stat.S_ISREG(mode):
        raise SiteKeyError(f"The key file {path} is not a regular file. Correct key_file.")
    if mode & _NOT_FOR_OTHERS:
        raise SiteKeyError(
            f"The key file {path} is open to others (mode {stat.S_IMODE(mode):04o}). "
            f"Run `chmod 0600 {path}`; if somebody may have read it, treat the list keys as known to them."
        )


def _secret_of(line: str) -> bytes:
    match = _LINE.fullmatch(line)
    if match is None:
        raise _NotAKeyError
    try:
        secret = base64.b64decode(match["key"], validate=True)
    except binascii.Error:
        raise _NotAKeyError from None
    if len(secret) != _KEY_BYTES or SiteKey(secret).key_id != match["key_id"]:
        raise _NotAKeyError
    return secret


def _damaged(path: Path) -> SiteKeyError:
    return SiteKeyError(
        f"The key file {path} is damaged, or is something else: it should hold one line that begins with {_MAGIC}. "
        f"Restore it from its backup."
    )
