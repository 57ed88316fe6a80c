"""People who write mail to an encrypted list, and mail of which each has one fault."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from mailman_pgp.openpgp.memberkeys import MemberKey

ANNE, NORA, LIST = "anne@example.com", "nora@example.com", "ant@example.com"
ANNE, NORA, LIST = "anne@example.com", "nora@example.com", "ant@example.com"
OWNER = "ant-owner@example.com"


@dataclass(frozen=True, slots=True)
class Writer:
    """Somebody who writes mail to the list, which is encrypted to its certificate."""

    key: MemberKey
    address: str
    certificate: bytes

    def inside(self, to: str = LIST) -> bytes:
        """What is encrypted: protected headers, and a word that nobody else is to see."""
        return (
            'Content-Type: text/plain; hp="cipher"; protected-headers="v1"\r\n'
            f"From: {self.address}\r\nTo: {to}\r\nSubject: Kestrel\r\n\r\nThe kestrel flies.\r\n"
        ).encode()

    def mail(
        self, inside: bytes | None = None, *, to: str = LIST, sign: bool = True, certificate: bytes | None = None
    ) -> bytes:
        """A mail as it comes, with LF line ends."""
        armored = self.key.write(inside or self.inside(to), certificate or self.certificate, sign=sign)
        return (
            f"From: {self.address}\nTo: {to}\nSubject: ...\nMessage-ID: <1@home>\nMIME-Version: 1.0\n"
            'Content-Type: multipart/encrypted; protocol="application/pgp-encrypted"; boundary="b"\n\n'
            "--b\nContent-Type: application/pgp-encrypted\n\nVersion: 1\n\n"
            f"--b\nContent-Type: application/octet-stream\n\n{armored.decode('ascii')}\n--b--\n"
        ).encode()


def changed(mail: bytes) -> bytes:
    """The mail with one line of what is encrypted turned round."""
    lines = mail.split(b"\n")
    middle = next(number for number, line in enumerate(lines) if line.startswith(b"-----BEGIN PGP MESSAGE")) + 6
    lines[middle] = bytes(reversed(lines[middle]))
    return b"\n".join(lines)


#: How it is made, and what is found: the problem, what is done, and the setting that decides.
CASES: dict[str, tuple[Callable[[Writer, Writer], bytes], str, str, str]] = {
    "in the clear": (
        lambda *_: f"From: {ANNE}\nTo: {LIST}\nSubject: Kestrel\n\nThe kestrel flies.\n".encode(),
        "not-encrypted",
        "reject",
        "on_not_encrypted",
    ),
    "unsigned": (lambda anne, _: anne.mail(sign=False), "unsigned", "reject", "on_unsigned"),
    "a stranger": (lambda _, nora: nora.mail(), "no-certificate-for-author", "reject", "on_stranger"),
    "another key": (
        lambda anne, nora: Writer(nora.key, ANNE, anne.certificate).mail(),
        "unknown-key",
        "reject",
        "on_other_key",
    ),
    "unbound": (
        lambda anne, _: anne.mail(b"Content-Type: text/plain\r\n\r\nThe kestrel flies.\r\n"),
        "meant-for-no-address",
        "hold",
        "on_unbound",
    ),
    "for somebody else": (
        lambda anne, _: anne.mail(anne.inside("bee@example.com")),
        "meant-for-another-address",
        "reject",
        "on_not_addressed",
    ),
    "to another key": (
        lambda anne, nora: anne.mail(certificate=nora.key.certificate),
        "not-for-this-list",
        "reject",
        "on_unusable",
    ),
    "changed on its way": (lambda anne, _: changed(anne.mail()), "damaged", "reject", "on_unusable"),
    "another author inside": (
        lambda anne, _: anne.mail(anne.inside().replace(ANNE.encode(), NORA.encode())),
        "author-differs-inside",
        "reject",
        "on_unusable",
    ),
    "no author": (
        lambda anne, _: anne.mail().replace(f"From: {ANNE}".encode(), b"From: a@x.example, b@x.example", 1),
        "no-single-author",
        "reject",
        "on_unusable",
    ),
}
