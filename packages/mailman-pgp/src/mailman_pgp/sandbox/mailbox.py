"""What the SMTP receiver keeps: a directory for each recipient, in it a file for each message.

A file begins with the envelope, one line ``X-Envelope-From: <address>``, and goes on with the message exactly as it
came (CRLF line ends, dot-stuffing undone).  The files are named 1.eml, 2.eml, … in the order of their coming.
"""

from __future__ import annotations

import email
import email.policy
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Iterable
    from email.message import EmailMessage
    from pathlib import Path

_ENVELOPE = b"X-Envelope-From: "
_SUFFIX = ".eml"
# Characters of addresses that are harmless in a file name; the rest, '/' above all, is written as %XX.
_PLAIN = "!#$&'*+-=@^_`{|}~."


def directory_name(recipient: str) -> str:
    """The name of the directory for an address (any case); no address leads out of the mail directory."""
    name = quote(recipient.lower(), safe=_PLAIN)
    return f"%2E{name[1:]}" if name.startswith(".") else name


@dataclass(frozen=True, slots=True)
class Kept:
    """A message that was received: envelope sender (empty for <>), recipient's directory, and content (CRLF bytes)."""

    path: Path
    sender: str
    content: bytes

    @property
    def message(self) -> EmailMessage:
        """The content, parsed."""
        return email.message_from_bytes(self.content, policy=email.policy.SMTP)


class Mailbox:
    """The messages below one directory."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._last: dict[str, int] = {}

    def keep(self, sender: str, recipients: Iterable[str], content: bytes) -> None:
        """Write a message for each recipient; readers see whole files only.  Raises OSError."""
        data = b"".join((_ENVELOPE, b"<", sender.encode(), b">\r\n", content))
        for name in {directory_name(recipient): None for recipient in recipients}:
            number = self._next(name)
            directory = self._root / name
            part = directory / f".{number}.part"
            part.write_bytes(data)
            part.replace(directory / f"{number}{_SUFFIX}")

    def _next(self, name: str) -> int:
        last = self._last.get(name)
        if last is None:
            directory = self._root / name
            directory.mkdir(parents=True, exist_ok=True)
            last = max((int(path.stem) for path in directory.glob(f"*{_SUFFIX}")), default=0)
        self._last[name] = last + 1
        return last + 1

    def messages(self, recipient: str) -> list[Kept]:
        """What has come for an address, in the order of its coming."""
        directory = self._root / directory_name(recipient)
        return [_read(path) for path in sorted(directory.glob(f"*{_SUFFIX}"), key=lambda path: int(path.stem))]

    def count(self, recipient: str) -> int:
        """How many messages have come for an address, without reading them."""
        return sum(1 for _ in (self._root / directory_name(recipient)).glob(f"*{_SUFFIX}"))

    def recipients(self) -> list[str]:
        """The directories of everybody who got anything."""
        return sorted(path.name for path in self._root.iterdir() if path.is_dir())


def _read(path: Path) -> Kept:
    first, _, content = path.read_bytes().partition(b"\r\n")
    sender = first.removeprefix(_ENVELOPE).decode("utf-8", "replace")
    return Kept(path, sender.removeprefix("<").removesuffix(">"), content)
