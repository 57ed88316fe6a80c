"""People with keys, who write to the lists of a sandbox and read what they get there."""

from __future__ import annotations

import email
import email.policy
import re
import secrets
import smtplib
from dataclasses import dataclass, field
from email.mime.text import MIMEText
from email.utils import formataddr, make_msgid
from typing import TYPE_CHECKING

from mailman_pgp.openpgp import armor, dearmor
from mailman_pgp.openpgp.memberkeys import MemberKey
from mailman_pgp.sandbox.mailbox import Kept, Mailbox

if TYPE_CHECKING:
    from collections.abc import Iterable
    from email.message import EmailMessage
    from pathlib import Path

    from mailman_pgp.sandbox.place import Place

_MESSAGE = re.compile(rb"-----BEGIN PGP MESSAGE-----.*?-----END PGP MESSAGE-----\r?\n?", re.DOTALL)
_CODE = re.compile(r"^ *code [a-z2-7]{26}\s*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class ListAddress:
    """An encrypted list: where posts go, and what they are encrypted to (binary)."""

    address: str
    certificate: bytes = field(repr=False)

    @property
    def commands(self) -> str:
        """Where commands and answers go."""
        return self.address.replace("@", "-request@", 1)


@dataclass(frozen=True, slots=True)
class Opened:
    """Mail as its person reads it.

    :ivar message: What it says; where it is encrypted, what is inside.
    :ivar signed_by: The list that has signed it; None for a message in the clear.
    """

    kept: Kept
    message: EmailMessage
    signed_by: ListAddress | None

    @property
    def text(self) -> str:
        """Its text: in a post the list's note, then what its author wrote."""
        parts = (part for part in self.message.walk() if part.get_content_type() == "text/plain")
        return "\n".join(str(part.get_content()) for part in parts)

    @property
    def asks(self) -> bool:
        """Whether it is a question that is answered by a word."""
        return _CODE.search(self.text) is not None


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who has a mailbox in a sandbox, and a key, which lies there without a passphrase."""

    place: Place
    address: str
    name: str
    key: MemberKey = field(repr=False)

    @classmethod
    def at(cls, place: Place, address: str, name: str = "") -> Person:
        """The person with this address and their key, which is made when it is missing.  Raises OSError."""
        file = _keys(place) / f"{address}.key"
        if file.exists():
            key = MemberKey(dearmor(file.read_bytes()))
        else:
            key = MemberKey.generate(formataddr((name, address)))
            file.parent.mkdir(mode=0o700, exist_ok=True)
            file.touch(mode=0o600)
            file.write_bytes(armor(key.secret, "PGP PRIVATE KEY BLOCK"))
        person = cls(place, address, name, key)
        person.certificate_file.write_text(person.certificate)
        return person

    @staticmethod
    def has_key(place: Place, address: str) -> bool:
        """Whether somebody with this address was made here."""
        return (_keys(place) / f"{address}.key").exists()

    @property
    def certificate(self) -> str:
        """In armor, as people upload it."""
        return armor(self.key.certificate, "PGP PUBLIC KEY BLOCK").decode("ascii")

    @property
    def certificate_file(self) -> Path:
        """Where it lies."""
        return _keys(self.place) / f"{self.address}.asc"

    def post(self, mlist: ListAddress, subject: str, text: str, lmtp: tuple[str, int]) -> None:
        """Write to a list, encrypted and signed."""
        self._send(mlist, mlist.address, subject, text, lmtp)

    def answer(self, question: Opened, word: str, lmtp: tuple[str, int]) -> None:
        """Answer a question of a list: a word above the quotation, encrypted and signed."""
        assert question.signed_by is not None
        quoted = "".join(f"> {line}\n" for line in question.text.splitlines())
        to, subject = question.signed_by.commands, f"Re: {question.message['subject']}"
        self._send(question.signed_by, to, subject, f"{word}\n\nThe list wrote:\n{quoted}", lmtp)

    def _send(self, mlist: ListAddress, to: str, subject: str, text: str, lmtp: tuple[str, int]) -> None:
        """PGP/MIME (RFC 3156 §4) with protected headers (RFC 9788)."""
        sender = formataddr((self.name, self.address))
        inside = MIMEText(text)
        inside["From"], inside["To"], inside["Subject"] = sender, to, subject
        inside.set_param("hp", "cipher")
        armored = self.key.write(inside.as_bytes(), mlist.certificate).decode("ascii")
        boundary = secrets.token_hex(12)
        message = (
            f"From: {sender}\nTo: {to}\nSubject: ...\nMessage-ID: {make_msgid(domain=self.address.partition('@')[2])}\n"
            "MIME-Version: 1.0\n"
            f'Content-Type: multipart/encrypted; protocol="application/pgp-encrypted"; boundary="{boundary}"\n\n'
            f"--{boundary}\nContent-Type: application/pgp-encrypted\n\nVersion: 1\n\n"
            f"--{boundary}\nContent-Type: application/octet-stream\n\n{armored}\n--{boundary}--\n"
        )
        with smtplib.LMTP(*lmtp) as connection:
            connection.sendmail(self.address, [to], message.replace("\n", "\r\n").encode("ascii"))

    def mail(self, lists: Iterable[ListAddress]) -> list[Opened]:
        """All that has come, the oldest first; what this key does not open is as it came."""
        known = list(lists)
        return [self._open(kept, known) for kept in Mailbox(self.place.mail).messages(self.address)]

    def questions(self, lists: Iterable[ListAddress]) -> list[Opened]:
        """The questions among it."""
        return [opened for opened in self.mail(lists) if opened.asks and opened.signed_by]

    def _open(self, kept: Kept, lists: list[ListAddress]) -> Opened:
        if found := _MESSAGE.search(kept.content):
            for mlist in lists:
                try:
                    read = self.key.read(found[0], mlist.certificate)
                except ValueError:
                    break
                if read.signed_by is not None:
                    message = email.message_from_bytes(read.content, policy=email.policy.default)
                    return Opened(kept, message, mlist)
        return Opened(kept, email.message_from_bytes(kept.content, policy=email.policy.default), None)


def _keys(place: Place) -> Path:
    return place.root / "people"
