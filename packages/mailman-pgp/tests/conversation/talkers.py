"""People who mail commands to a list in this process, and what comes back to them."""

from __future__ import annotations

import base64
import email
import email.policy
import itertools
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Self

from told import Told, told

from mailman_pgp.openpgp.memberkeys import MemberKey

if TYPE_CHECKING:
    from collections.abc import Sequence
    from email.message import EmailMessage

_numbers = itertools.count(1)
_MESSAGE = re.compile(rb"-----BEGIN PGP MESSAGE-----.*?-----END PGP MESSAGE-----\r?\n?", re.DOTALL)
_CODE = re.compile(r"^ *code ([a-z2-7]{26})\s*$", re.MULTILINE)


def armored(data: bytes, kind: str = "PUBLIC KEY BLOCK") -> str:
    """Packets in armor."""
    return f"-----BEGIN PGP {kind}-----\n\n{base64.encodebytes(data).decode()}-----END PGP {kind}-----\n"


def entity(text: str, *, fields: Sequence[str] = (), attached: bytes | None = None, marks: str = "") -> bytes:
    """A MIME entity: a text, and a certificate (binary) or a block (armored) as a file.

    :param fields: Lines of its header.
    :param marks: Parameters of its type, as ``; hp="cipher"``.
    """
    # No two are alike: the same content, signed in the same second, is one and the same to the list.
    head = "".join(f"{line}\n" for line in (*fields, f"Content-ID: <{next(_numbers)}@example.net>"))
    plain = f"Content-Type: text/plain; charset=utf-8{marks if attached is None else ''}\n"
    if attached is None:
        return f"{plain}{head}\n{text}\n".encode()
    block = attached.decode() if attached.startswith(b"-----") else armored(attached)
    return (
        f'Content-Type: multipart/mixed; boundary="m"{marks}\n{head}\n--m\n{plain}\n{text}\n'
        f'--m\nContent-Type: application/pgp-keys; name="key.asc"\nContent-Disposition: attachment; '
        f'filename="key.asc"\n\n{block}\n--m--\n'
    ).encode()


@dataclass(frozen=True)
class Talker:
    """Somebody with a key, who writes to a list."""

    address: str
    mlist: Any
    key: MemberKey = field(repr=False)

    @classmethod
    def make(cls, address: str, mlist: Any) -> Self:
        """Somebody with a new key."""
        return cls(address, mlist, MemberKey.generate(f"Somebody <{address}>"))

    def at(self, mlist: Any) -> Self:
        """The same person at another list."""
        return replace(self, mlist=mlist)

    def counts(self, state: str = "approved") -> None:
        """Let their key count on the list."""
        from mailman_pgp import openpgp  # noqa: PLC0415 - core must be initialised
        from mailman_pgp.keys import registry  # noqa: PLC0415
        from mailman_pgp.model.database import store  # noqa: PLC0415

        certificate = openpgp.inspect(self.key.certificate)
        registry.add(self.mlist.list_id, self.address, certificate, origin="test", state=registry.ChoiceState(state))
        store().commit()

    @property
    def list_certificate(self) -> bytes:
        """The list's certificate."""
        from mailman_pgp.keys import vault  # noqa: PLC0415 - core must be initialised

        return vault.certificate(self.mlist.list_id).certificate

    # -- what they write

    def protected(self, text: str, *, subject: str = "", to: str | None = None, **more: Any) -> bytes:
        """An entity with protected headers (RFC 9788)."""
        fields = [f"From: Somebody <{self.address}>", f"To: {to or self.mlist.request_address}", f"Subject: {subject}"]
        return entity(text, fields=fields, marks='; hp="cipher"', **more)

    def encrypted(self, inside: bytes, *, by: MemberKey | None = None, sign: bool = True, head: str = "") -> bytes:
        """A mail with this content, encrypted to the list, and signed by their key or another."""
        block = (by or self.key).write(inside, self.list_certificate, sign=sign).decode()
        return (
            f"{self._head()}{head}"
            'Content-Type: multipart/encrypted; protocol="application/pgp-encrypted"; boundary="e"\n\n'
            "--e\nContent-Type: application/pgp-encrypted\n\nVersion: 1\n\n"
            f"--e\nContent-Type: application/octet-stream\n\n{block}\n--e--\n"
        ).encode()

    def command(
        self, text: str, *, by: MemberKey | None = None, sign: bool = True, head: str = "", **more: Any
    ) -> bytes:
        """A command as a good program mails it: encrypted, signed, its headers protected."""
        return self.encrypted(self.protected(text, **more), by=by, sign=sign, head=head)

    def signed(self, inside: bytes, *, by: MemberKey | None = None, head: str = "") -> bytes:
        """A mail in the clear with this content, signed (RFC 3156 §5)."""
        return self._head().encode() + head.encode() + self.signed_part(inside, by=by)

    def signed_part(self, inside: bytes, *, by: MemberKey | None = None) -> bytes:
        """The multipart/signed with this content."""
        # As programs write it: after the last line of parts comes an empty one.
        content = inside
        signature = (by or self.key).sign(content.replace(b"\n", b"\r\n"))
        return (
            b'Content-Type: multipart/signed; micalg=pgp-sha512; protocol="application/pgp-signature"; boundary="s"\n\n'
            b"--s\n" + content + b"\n--s\nContent-Type: application/pgp-signature\n\n" + signature + b"\n--s--\n"
        )

    def clear(self, inside: bytes, *, head: str = "") -> bytes:
        """A mail in the clear with this content, unsigned."""
        return f"{self._head()}{head}".encode() + inside

    def reply(
        self, question: EmailMessage, word: str = "yes", *, by: MemberKey | None = None, sign: bool = True
    ) -> bytes:
        """The answer to a question."""
        quoted = "".join(f"> {line}\n" for line in text_of(question).splitlines())
        return self.command(f"{word}\n\nThe list wrote:\n{quoted}", subject="Re: ...", by=by, sign=sign)

    def _head(self) -> str:
        return (
            f"From: Somebody <{self.address}>\nTo: {self.mlist.request_address}\nMIME-Version: 1.0\n"
            f"Message-ID: <{next(_numbers)}@example.net>\n"
        )

    # -- what comes of it

    def tell(self, mail: bytes, *, to: str = "request") -> list[Told]:
        """Mail it to one of the list's addresses, and return what is on its way then."""
        from mailman.email.message import Message  # noqa: PLC0415 - core must be initialised

        from mailman_pgp.conversation.conversing import converse  # noqa: PLC0415

        message = email.message_from_bytes(mail, Message)
        message.original_size = len(mail)
        converse(self.mlist, message, address=to, claim=f"claim{next(_numbers)}")
        return told()

    def asked(self, mail: bytes, *, to: str = "request", by: MemberKey | None = None) -> EmailMessage:
        """Mail it, and return the one question that comes to them."""
        (question,) = [said for said in self.read(self.tell(mail, to=to), by=by) if _CODE.search(text_of(said))]
        return question

    def read(self, found: Sequence[Told], *, by: MemberKey | None = None) -> list[EmailMessage]:
        """What of this came to them and can be opened with their key, or with another."""
        read = []
        for one in found:
            block = _MESSAGE.search(one.content)
            if one.recipient != self.address or block is None:
                continue
            try:
                opened = (by or self.key).read(block[0], self.list_certificate)
            except ValueError:
                continue
            assert opened.signed_by is not None, "The list has signed it."
            read.append(email.message_from_bytes(opened.content, policy=email.policy.default))
        return read

    def answers(self, mail: bytes, *, to: str = "request", by: MemberKey | None = None) -> str:
        """Mail it, and return what the encrypted answers to them say."""
        return "\n".join(text_of(said) for said in self.read(self.tell(mail, to=to), by=by))


def text_of(message: EmailMessage) -> str:
    """The text of a notice."""
    part = message.get_body(("plain",)) if message.is_multipart() else message
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


def code_in(message: EmailMessage) -> str:
    """The code of a question."""
    found = _CODE.search(text_of(message))
    assert found is not None
    return found[1]


def templates(found: Sequence[Told]) -> list[str]:
    """Which of our templates these are."""
    return [one.template for one in found]
