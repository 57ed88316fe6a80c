"""Encrypted lists and the people on them, as end-to-end tests see them: through mail, REST and the command line."""

from __future__ import annotations

import base64
import email
import email.policy
import itertools
import json
import re
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from mailman_pgp.openpgp import dearmor
from mailman_pgp.openpgp.memberkeys import KeyKind, MemberKey
from mailman_pgp.sandbox import until
from mailman_pgp.sandbox.rest import RestError

if TYPE_CHECKING:
    from email.message import EmailMessage

    from mailman_pgp.sandbox import Kept, Sandbox

DOMAIN = "lists.example.com"
HOME = "example.net"

ARCHIVERS = [
    *("archiver.pgp-maildir.class=mailman_pgp.archiving.archivers.PGPMaildir", "archiver.pgp-maildir.enable=yes"),
    *("archiver.pgp-mbox.class=mailman_pgp.archiving.archivers.PGPMbox", "archiver.pgp-mbox.enable=yes"),
]
"""Lines of a Mailman that has the archivers of encrypted lists."""

_numbers = itertools.count(1)
_MESSAGE = re.compile(rb"-----BEGIN PGP MESSAGE-----.*?-----END PGP MESSAGE-----\r?\n?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with a mailbox and a key; whether they are a member of `list` is up to the test."""

    list: EncryptedList
    name: str
    address: str
    key: MemberKey = field(repr=False)

    def write(
        self,
        body: str = "Hello",
        *,
        subject: str = "A subject",
        sign: bool = True,
        to: bytes | None = None,
        address: str | None = None,
    ) -> bytes:
        """A post (LF line ends), encrypted to the list or to the certificate `to`, with protected headers (RFC 9788).

        :param address: To whom it says that it goes; the list when not given.
        """
        inside = self.payload(body, subject, address)
        return self.envelope(self.key.write(inside, to or self.list.certificate, sign=sign))

    def payload(self, body: str = "Hello", subject: str = "A subject", address: str | None = None) -> bytes:
        """What is inside the encryption: an entity with protected headers, of which the Content-ID makes each mail another one.

        Without it, the same words written twice within a second have the same signature, as if somebody had sent a copy.
        """
        return (
            'Content-Type: text/plain; charset="utf-8"; hp="cipher"; protected-headers="v1"\n'
            f"From: {self.name} <{self.address}>\nTo: {address or self.list.address}\nSubject: {subject}\n"
            f"Content-ID: <{next(_numbers)}.{self.address}>\n\n{body}\n"
        ).encode()

    def envelope(self, armored: bytes) -> bytes:
        """The PGP/MIME message (RFC 3156 §4) around an armored one, with an id of its own."""
        return (
            f"From: {self.name} <{self.address}>\nTo: {self.list.address}\nSubject: ...\n"
            f"Message-ID: <{next(_numbers)}.{self.address}>\nMIME-Version: 1.0\n"
            'Content-Type: multipart/encrypted; protocol="application/pgp-encrypted"; boundary="b"\n\n'
            "--b\nContent-Type: application/pgp-encrypted\n\nVersion: 1\n\n"
            f"--b\nContent-Type: application/octet-stream\n\n{armored.decode('ascii')}\n--b--\n"
        ).encode()

    def send(self, message: bytes, to: str | None = None) -> None:
        """Mail a message to the list, or to another of its addresses."""
        self.list.sandbox.lmtp_send(self.address, to or self.list.address, message)

    def post(self, body: str = "Hello", *, subject: str = "A subject") -> None:
        """Post to the list, encrypted and signed."""
        self.send(self.write(body, subject=subject))

    def mail(self, count: int = 1) -> list[Kept]:
        """All that came to this person's mailbox, as soon as there are `count` or more.  Raises TimeoutError."""
        return self.list.sandbox.mail_for(self.address, count)

    def open(self, kept: Kept) -> EmailMessage:
        """What an encrypted message says, to this person: its payload.  Fails unless the list signed it."""
        found = _MESSAGE.search(kept.content)
        assert found is not None, "This message is not encrypted."
        read = self.key.read(found[0], self.list.certificate)
        assert read.signed_by is not None, "This message is not signed by the list."
        return email.message_from_bytes(read.content, policy=email.policy.default)

    def read(self, count: int = 1) -> list[EmailMessage]:
        """All that came, opened, as soon as there are `count` or more.  Raises TimeoutError."""
        return [self.open(kept) for kept in self.mail(count)]


@dataclass(slots=True)
class EncryptedList:
    """An encrypted list of one test's own; the addresses of its people are of the test's own too."""

    sandbox: Sandbox
    number: int
    certificate: bytes = field(default=b"", repr=False)
    """The list's certificate, binary."""

    @classmethod
    def make(cls, sandbox: Sandbox, style: str = "pgp-discussion") -> EncryptedList:
        """Make a new one of this style."""
        made = cls(sandbox, next(_numbers))
        sandbox.rest.create_list(made.address, style)
        made.refresh()
        return made

    def delete(self) -> None:
        """Delete it, with all that belongs to it."""
        self.sandbox.rest(f"lists/{self.list_id}", method="DELETE")

    @property
    def address(self) -> str:
        """Where posts go."""
        return f"ants{self.number}@{DOMAIN}"

    @property
    def list_id(self) -> str:
        """The list's id in the REST interface."""
        return f"ants{self.number}.{DOMAIN}"

    def sub_address(self, kind: str) -> str:
        """Another address of the list: ``owner``, ``request``, ``bounces`` and so on."""
        return f"ants{self.number}-{kind}@{DOMAIN}"

    def refresh(self) -> None:
        """Fetch the list's certificate again."""
        self.certificate = dearmor(self.rest("certificate")["armored"].encode())

    def rest(self, path: str, data: dict[str, Any] | None = None, method: str | None = None) -> Any:
        """What our part of REST says of this list below a path.  Raises RestError."""
        return self.sandbox.rest(f"plugins/pgp/lists/{self.list_id}/{path}", data, method)

    def pgp(self, *arguments: str, stdin: str = "") -> str:
        """What ``mailman pgp …`` prints.  Raises CommandError."""
        return self.sandbox.command("pgp", *arguments, stdin=stdin)

    def happened(self) -> Any:
        """What REST says of this list, among it what was refused and what was sent of late; the same as `status`, in less time."""
        return self.sandbox.rest(f"plugins/pgp/lists/{self.list_id}")

    def wait_until_told(self) -> None:
        """Wait until people were told of what was done about keys here, and no queue holds anything."""
        self.sandbox.wait_until_idle()
        until(lambda: not self.happened()["untold"], "people to be told of all changes of keys")
        self.sandbox.wait_until_idle()

    def status(self) -> Any:
        """What ``mailman pgp status`` says of this list, decoded."""
        done = self.sandbox.mailman_quickly("pgp", "status", self.address, "--json")
        return json.loads(done.stdout)

    def take_unbound(self) -> None:
        """Take what members sign without saying for whom, as some mail programs have it, as any post."""
        self.pgp("set", self.list_id, "on_unbound=defer")

    def person(self, name: str, kind: KeyKind = KeyKind.CURVE25519) -> Person:
        """Somebody with a key of that kind, unknown to the list."""
        address = f"{name.lower()}{self.number}@{HOME}"
        return Person(self, name, address, MemberKey.generate(f"{name} <{address}>", kind))

    def member(self, name: str, kind: KeyKind = KeyKind.CURVE25519) -> Person:
        """A new member, whose certificate counts."""
        person = self.person(name, kind)
        self.join(person)
        return person

    def member_without_certificate(self, name: str) -> Person:
        """A member whose certificate counts no more; of which they got two mails, in the clear and at their key."""
        person = self.person(name)
        self.join(person)
        self.forget(person)
        person.mail(2)
        return person

    def join(self, person: Person, certificate: bytes | None = None) -> None:
        """Make somebody a member by their certificate: that of their key, or another one (binary)."""
        self.certify(person, certificate)
        self.subscribe(person)

    def listed(self, path: str) -> list[dict[str, Any]]:
        """What core's REST lists of the list below a path."""
        return self.sandbox.rest.listed(f"lists/{self.list_id}/{path}")

    def members(self) -> set[str]:
        """Who is a member."""
        return {entry["email"] for entry in self.listed("roster/member")}

    def forget(self, person: Person) -> None:
        """Let no certificate count for somebody any more."""
        self.rest(f"certificates/{person.address}", method="DELETE")

    def subscribe(self, person: Person) -> None:
        """Make somebody a member whose certificate counts already."""
        self.sandbox.rest.subscribe(self.list_id, person.address, person.name)

    def certify(self, person: Person, certificate: bytes | None = None) -> None:
        """Let somebody's certificate count on this list, also in the place of another: that of their key, or one given (binary)."""
        armored = base64.encodebytes(certificate or person.key.certificate).decode("ascii")
        block = f"-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n{armored}-----END PGP PUBLIC KEY BLOCK-----\n"
        try:
            self.rest("certificates", {"address": person.address, "certificate": block})
        except RestError as error:
            if error.status != HTTPStatus.CONFLICT:
                raise
            self.rest(f"certificates/{person.address}", {"certificate": block}, "PUT")
