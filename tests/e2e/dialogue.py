"""How people who use another OpenPGP program talk to the address that takes commands."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from conversations import content, quoted, text_of
from programs import armored

from mailman_pgp.sandbox import until

if TYPE_CHECKING:
    from email.message import EmailMessage

    from correspondents import Correspondent

_CODE = re.compile(r"^ *code [a-z2-7]{26}\s*$", re.MULTILINE)


def letter(who: Correspondent, text: str, *, subject: str = "", attached: bytes | None = None) -> bytes:
    """A mail to the address for commands, encrypted and signed in one OpenPGP message."""
    address = who.person.list.sub_address("request")
    inside = content(who.person, text, to=address, subject=subject, attached=attached)
    return sealed(who, inside)


def sealed(who: Correspondent, inside: bytes, *, sign: bool = True) -> bytes:
    """Content as the program encrypts it to the list, as PGP/MIME."""
    return who.person.envelope(armored(who.program.write(inside, who.person.list.certificate, sign=sign)))


def answer(who: Correspondent, question: EmailMessage, word: str = "yes") -> bytes:
    """The answer to a question: a word above the quotation."""
    return letter(who, f"{word}\n\n{quoted(question)}", subject=f"Re: {question['subject']}")


def read_by(who: Correspondent) -> list[EmailMessage]:
    """What has come by now and the program opens, signed by the list."""
    messages = who.person.list.sandbox.mailbox.messages(who.person.address)
    return [who.read(kept) for kept in messages if b"BEGIN PGP MESSAGE" in kept.content]


def question_for(who: Correspondent, number: int = 1) -> EmailMessage:
    """The first, second, … question that comes, as the program reads it."""

    def found() -> EmailMessage | None:
        questions = [said for said in read_by(who) if _CODE.search(text_of(said))]
        return questions[number - 1] if len(questions) >= number else None

    return until(found, f"question {number} for {who.person.address}", interval=0.3)


def until_program_says(who: Correspondent, text: str) -> None:
    """Wait until a text has come, encrypted, and the program opens it."""
    until(
        lambda: any(text in " ".join(text_of(said).split()) for said in read_by(who)),
        f"{text!r} for {who.person.address}",
        interval=0.3,
    )


def protected(who: Correspondent, entity: str, subject: str) -> str:
    """An entity (LF) with protected headers as Thunderbird and mutt write them."""
    head, separator, body = entity.partition("\n\n")
    to = who.person.list.sub_address("request")
    fields = f"From: {who.person.name} <{who.person.address}>\nTo: {to}\nSubject: {subject}\n"
    first, _, rest = head.partition("\n")
    return f'{fields}{first}; protected-headers="v1"\n{rest}{separator if rest else separator[1:]}{body}'


def signed_within(who: Correspondent, entity: str) -> bytes:
    """A root multipart/signed (RFC 3156 §6.1) around an entity (LF); CRLF."""
    signed = entity.replace("\n", "\r\n").encode()
    signature = who.program.sign(signed).replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    kind = b'Content-Type: multipart/signed; micalg=pgp-sha512; protocol="application/pgp-signature"; boundary="s"'
    return b"\r\n".join(
        [kind, b"", b"--s", signed, b"--s", b"Content-Type: application/pgp-signature", b"", signature, b"--s--", b""]
    )
