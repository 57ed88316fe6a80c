"""A post that holds a canary in each place where a person writes something: random words, found nowhere by chance."""

from __future__ import annotations

import base64
import hashlib
import secrets
import string
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from email.message import EmailMessage

    from people import Person


def _word() -> str:
    return "".join(secrets.choice(string.ascii_lowercase) for _ in range(16))


@dataclass(frozen=True, slots=True)
class Canary:
    """The words, by the places where they stand in the post."""

    subject: str
    name: str
    body: str
    filename: str
    content: str

    @classmethod
    def make(cls) -> Canary:
        """New words."""
        return cls(*(_word() for _ in fields(cls)))

    @property
    def words(self) -> dict[str, str]:
        """The place of each word."""
        return {getattr(self, field.name): field.name for field in fields(self)}

    def heard_in(self, message: EmailMessage) -> set[str]:
        """The places whose words a mail program shows to the reader of a decrypted message."""
        texts = [str(value) for value in message.values()]
        for part in message.walk():
            texts.append(part.get_filename() or "")
            if not part.is_multipart():
                texts.append(part.get_payload(decode=True).decode("utf-8", "replace"))
        return {place for word, place in self.words.items() if any(word in text for text in texts)}

    # -- the post; LF line ends

    def plain(self, author: Person, to: str) -> bytes:
        """The post, unencrypted, to the list at `to`."""
        return self._headers(author, to) + b"Message-ID: <" + _word().encode() + b"@x>\n" + self.entity

    def protected(self, author: Person, to: str | None = None) -> bytes:
        """The post, encrypted and signed, with all headers inside the encryption (RFC 9788)."""
        return author.envelope(author.key.write(self.inside(author, to), author.list.certificate))

    def inside(self, author: Person, to: str | None = None) -> bytes:
        """What is encrypted in a `protected` post; `to` is the address that it names, when it is not the list's."""
        mark = b'; hp="cipher"; protected-headers="v1"; boundary='
        return self._headers(author, to or author.list.address) + self.entity.replace(b"; boundary=", mark, 1)

    def outside(self, author: Person, to: str | None = None) -> bytes:
        """The post, encrypted and signed, by a mail program that leaves subject and display name outside only."""
        sealed = author.envelope(author.key.write(self.entity, author.list.certificate))
        old = f"From: {author.name} <{author.address}>\nTo: {author.list.address}\nSubject: ...\n".encode()
        assert old in sealed
        return sealed.replace(old, self._headers(author, to or author.list.address))

    def _headers(self, author: Person, to: str) -> bytes:
        return f'From: "{self.name}" <{author.address}>\nTo: {to}\nSubject: About {self.subject} today\n'.encode()

    @property
    def entity(self) -> bytes:
        """Text and attachment: all that is encrypted in an `outside` post."""
        attached = base64.encodebytes(f"Attached, {self.content}.".encode()).decode()
        return (
            'MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="c"\n\n'
            f'--c\nContent-Type: text/plain; charset="utf-8"\n\nThe {self.body} flies at noon.\n'
            f"--c\nContent-Type: application/octet-stream\nContent-Transfer-Encoding: base64\n"
            f'Content-Disposition: attachment; filename="{self.filename}.pdf"\n\n{attached}\n--c--\n'
        ).encode()


def digests(content: bytes) -> dict[str, str]:
    """What says whether a guess of signed content is right: its SHA-256, as signatures of both modes hash it."""
    lines = content.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    return {hashlib.sha256(form).hexdigest(): "digest" for form in (content, lines)}
