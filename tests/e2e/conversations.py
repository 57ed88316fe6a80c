"""How people talk to the addresses of a list that take commands: what their mail programs write."""

from __future__ import annotations

import base64
import email
import email.policy
import re
from email.message import EmailMessage
from email.mime.application import MIMEApplication
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from typing import TYPE_CHECKING, Any

from mailman_pgp.sandbox import until

if TYPE_CHECKING:
    from people import EncryptedList, Person

PROMISED = {"pre_verified": "yes", "pre_confirmed": "yes", "pre_approved": "yes", "send_welcome_message": "no"}

_CODE = re.compile(r"^ *code ([a-z2-7]{26})\s*$", re.MULTILINE)


def armored(certificate: bytes) -> str:
    """A certificate in armor."""
    data = base64.encodebytes(certificate).decode("ascii")
    return f"-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n{data}-----END PGP PUBLIC KEY BLOCK-----\n"


def content(person: Person, text: str, *, to: str, subject: str = "", attached: bytes | None = None) -> bytes:
    """What a mail says, with protected headers (RFC 9788), and a certificate as a file."""
    body = MIMEText(text)
    whole: MIMEText | MIMEMultipart = body
    if attached is not None:
        key = MIMEApplication(armored(attached).encode(), "pgp-keys")
        key.add_header("Content-Disposition", "attachment", filename="key.asc")
        whole = MIMEMultipart("mixed")
        whole.attach(body)
        whole.attach(key)
    whole["From"] = f"{person.name} <{person.address}>"
    whole["To"] = to
    whole["Subject"] = subject
    whole.set_param("hp", "cipher")
    whole.set_param("protected-headers", "v1")
    return whole.as_bytes()


def encrypted(
    person: Person,
    text: str,
    *,
    to: str = "request",
    subject: str = "",
    attached: bytes | None = None,
    sign: bool = True,
    key: object = None,
) -> bytes:
    """A mail to one of the list's addresses, encrypted to it, signed by the person's key or by another (`MemberKey`)."""
    address = person.list.sub_address(to)
    inside = content(person, text, to=address, subject=subject, attached=attached)
    writer = key or person.key
    return person.envelope(writer.write(inside, person.list.certificate, sign=sign))  # type: ignore[attr-defined]


def clear(
    person: Person,
    text: str = "",
    *,
    to: str = "request",
    subject: str = "",
    attached: bytes | None = None,
    autocrypt: bytes | None = None,
) -> bytes:
    """A mail in the clear, unsigned."""
    message = EmailMessage()
    message["From"] = f"{person.name} <{person.address}>"
    message["To"] = person.list.sub_address(to)
    message["Subject"] = subject
    message["Message-ID"] = f"<{id(message)}.{len(text)}@{person.address.partition('@')[2]}>"
    message.set_content(text)
    if attached is not None:
        message.add_attachment(
            armored(attached).encode(), maintype="application", subtype="pgp-keys", filename="key.asc"
        )
    header = b""
    if autocrypt is not None:
        # Python would encode a line so long; programs fold it.
        data = b"\n ".join(base64.encodebytes(autocrypt).split())
        header = b"Autocrypt: addr=%s; keydata=\n %s\n" % (person.address.encode(), data)
    return header + message.as_bytes()


def tell(person: Person, message: bytes, to: str = "request") -> None:
    """Mail it to one of the list's addresses."""
    person.send(message, person.list.sub_address(to))


def asked(person: Person, number: int = 1) -> EmailMessage:
    """The challenge that came to a person, the first, second, … of them, as they read it."""

    def found() -> EmailMessage | None:
        found = questions(person)
        return found[number - 1] if len(found) >= number else None

    return until(found, f"challenge {number} for {person.address}")


def questions(person: Person) -> list[EmailMessage]:
    """The challenges that have come to a person by now, as they read them."""
    return [said for said in readable(person) if _CODE.search(text_of(said))]


def readable(person: Person) -> list[EmailMessage]:
    """What has come to a person by now and can be opened by their key."""
    found = []
    for kept in person.list.sandbox.mailbox.messages(person.address):
        if b"BEGIN PGP MESSAGE" not in kept.content:
            continue
        try:
            found.append(person.open(kept))
        except ValueError:
            continue
    return found


def text_of(message: EmailMessage) -> str:
    """The text of a notice."""
    part = message.get_body(("plain",)) if message.is_multipart() else message
    assert part is not None
    return str(part.get_content())


def code_in(message: EmailMessage) -> str:
    """The code of a challenge."""
    found = _CODE.search(text_of(message))
    assert found is not None
    return found[1]


def quoted(message: EmailMessage) -> str:
    """A notice as a reply quotes it."""
    lines = "".join(f"> {line}\n" for line in text_of(message).splitlines())
    return f"On Monday the list wrote:\n{lines}"


def reply(person: Person, question: EmailMessage, word: str = "yes", *, key: object = None, sign: bool = True) -> bytes:
    """The answer to a challenge: a word above the quotation, encrypted and signed."""
    return encrypted(person, f"{word}\n\n{quoted(question)}", subject=f"Re: {question['subject']}", key=key, sign=sign)


def clear_texts(person: Person) -> list[str]:
    """The notices that came to a person in the clear, each as one text."""
    found = []
    for kept in person.list.sandbox.mailbox.messages(person.address):
        if b"BEGIN PGP MESSAGE" in kept.content:
            continue
        parsed = email.message_from_bytes(kept.content, policy=email.policy.default)
        found.append(f"{parsed['subject']}\n{parsed.as_string()}")
    return found


def says(person: Person, text: str) -> bool:
    """Whether a text, in whatever lines, has come to a person by now, encrypted."""
    return any(text in " ".join(text_of(said).split()) for said in readable(person))


def until_says(person: Person, text: str) -> None:
    """Wait until a text has come to a person, encrypted."""
    until(lambda: says(person, text), f"{text!r} for {person.address}")


def until_says_in_clear(person: Person, text: str) -> None:
    """Wait until a text has come to a person in the clear."""
    until(lambda: any(text in " ".join(found.split()) for found in clear_texts(person)), f"{text!r} in the clear")


def confirmed(person: Person, message: bytes, to: str = "request") -> EmailMessage:
    """Mail a command and answer the next question about it with yes; return the question."""
    before = len(questions(person))
    tell(person, message, to)
    question = asked(person, before + 1)
    tell(person, reply(person, question))
    return question


def members(encrypted_list: EncryptedList) -> set[str]:
    """The addresses of a list's members."""
    return encrypted_list.members()


def set_policy(encrypted_list: EncryptedList, policy: str) -> None:
    """Change how people join: ``open``, ``confirm``, ``moderate``, ``confirm_then_moderate``."""
    encrypted_list.sandbox.rest(f"lists/{encrypted_list.list_id}/config", {"subscription_policy": policy}, "PATCH")


def waiting(encrypted_list: EncryptedList, person: Person) -> dict[str, Any]:
    """The one request of a person, to join or to leave, as REST shows it; empty when there is none."""
    found = [
        entry
        for kind in ("subscription", "unsubscription")
        for entry in encrypted_list.listed(f"requests?request_type={kind}")
    ]
    # Core shows of a request that goes at this moment what is left of it.
    mine = [entry for entry in found if entry.get("email") == person.address]
    assert len(mine) < 2
    return mine[0] if mine else {}


def until_waits(encrypted_list: EncryptedList, person: Person, reason: str) -> dict[str, Any]:
    """Wait until a person's request waits for this reason; return it."""

    def found() -> dict[str, Any] | None:
        request = waiting(encrypted_list, person)
        return request if request.get("reason") == reason else None

    return until(found, f"a request of {person.address} that {reason!r}")


def moderator(encrypted_list: EncryptedList, name: str = "Mona", role: str = "moderator") -> Person:
    """Somebody who looks after the list, with a certificate that counts."""
    person = encrypted_list.person(name)
    encrypted_list.certify(person)
    encrypted_list.sandbox.rest(
        "members", {"list_id": encrypted_list.list_id, "subscriber": person.address, "role": role, **PROMISED}
    )
    return person
