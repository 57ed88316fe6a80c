"""Members of an encrypted list who use another OpenPGP program."""

from __future__ import annotations

import email
import email.policy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from people import HOME, Person
from programs import PROGRAMS, Gpg, Opened, Program, armored, binary, stop_agents

from mailman_pgp.openpgp import inspect
from mailman_pgp.openpgp.memberkeys import MemberKey

if TYPE_CHECKING:
    from collections.abc import Callable
    from email.message import EmailMessage
    from pathlib import Path

    from people import EncryptedList

    from mailman_pgp.sandbox import Kept

# Kinds of keys that gpg makes; the second name is that of the subkey for encryption, where gpg makes none by itself.
GPG_KEYS = {
    **{f"gpg-rsa{bits}": (f"rsa{bits}", f"rsa{bits}") for bits in (2048, 3072, 4096)},
    **{f"gpg-nistp{bits}": (f"nistp{bits}", f"nistp{bits}") for bits in (256, 384, 521)},
}


@dataclass(frozen=True, slots=True)
class Correspondent:
    """A member and the program that holds their key; `person` has no key that Python could use."""

    person: Person
    program: Program
    certificate: bytes = field(repr=False)
    """Binary, made by the program."""

    @property
    def fingerprint(self) -> str:
        """Of the certificate, upper-case hex."""
        return inspect(self.certificate).fingerprint

    def open(self, kept: Kept, signer: bytes | None = None) -> Opened:
        """What the program makes of a received message; the signer is the list, unless another certificate is given."""
        ciphertext = kept.message.get_payload(1).get_content()  # type: ignore[union-attr]  # PGP/MIME has two parts
        return self.program.open(ciphertext, signer or self.person.list.certificate)

    def read(self, kept: Kept) -> EmailMessage:
        """The payload of a received message.  Fails unless the list signed it."""
        opened = self.open(kept)
        assert opened.good, f"{self.program} finds no good signature by the list's certificate."
        return email.message_from_bytes(opened.content, policy=email.policy.default)

    def signed_inside(self, text: bytes) -> bytes:
        """A root multipart/signed in the manner of Thunderbird and Mutt (RFC 3156 §6.1), CRLF."""
        signed = b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n" + text
        signature = self.program.sign(signed).replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
        head = (
            'Content-Type: multipart/signed; micalg=pgp-sha512; protocol="application/pgp-signature"; boundary="s"\r\n'
            f"From: {self.person.name} <{self.person.address}>\r\nTo: {self.person.list.address}\r\n"
            "Subject: Signed inside\r\n\r\n"
        )
        return b"".join(
            (
                head.encode(),
                b"--s\r\n",
                signed,
                b"\r\n--s\r\nContent-Type: application/pgp-signature; name=signature.asc\r\n\r\n",
                signature,
                b"\r\n--s--\r\n",
            )
        )

    def post(self, message: bytes) -> None:
        """Mail an encrypted message (any form) to the list, as PGP/MIME."""
        self.person.send(self.person.envelope(armored(message)))


class Club:
    """One encrypted list, whose members come as tests ask for them."""

    def __init__(self, encrypted_list: EncryptedList, new_home: Callable[[], Path]) -> None:
        self.list = encrypted_list
        self.author = encrypted_list.member("Anne")
        self._new_home = new_home
        self._known: dict[str, Correspondent] = {}
        self._homes: list[Path] = []

    def member(self, name: str) -> Correspondent:
        """The member who uses the program of that name, or has one of `GPG_KEYS`; skips where the program is missing."""
        if name not in self._known:
            self._known[name] = self.stranger(name)
            self.list.join(self._known[name].person, self._known[name].certificate)
        return self._known[name]

    def stranger(self, name: str) -> Correspondent:
        """Somebody with that program, of whom the list knows nothing."""
        home = self._new_home() / "h"
        program = Gpg(home, GPG_KEYS[name]) if name in GPG_KEYS else PROGRAMS[name](home)
        self._homes.append(home)
        person = Person(self.list, name.title(), f"{name}{self.list.number}@{HOME}", MemberKey(b""))
        return Correspondent(person, program, binary(program.generate(f"{person.name} <{person.address}>")))

    def close(self) -> None:
        """End what gpg started."""
        stop_agents(home for home in self._homes if (home / "pubring.kbx").exists())
