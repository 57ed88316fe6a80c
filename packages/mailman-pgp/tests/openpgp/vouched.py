"""A list's certificate, somebody who certifies it, and what is taken of that."""

from __future__ import annotations

from typing import TYPE_CHECKING

from certificates import ANNE, refusal
from keys import POSITIVE, USER_ID, Key, certified, forge_usable, now, packet, signature
from others import LIST_ADDRESSES

from mailman_pgp import openpgp
from mailman_pgp.openpgp.packets import Tag, walk

if TYPE_CHECKING:
    from mailman_pgp.openpgp import CertificateProblem, Certification

OWN = openpgp.generate("Ants", LIST_ADDRESSES)
LIST = OWN.certificate.data
PRIMARY = next(walk(LIST)).body
USER_IDS = [f"Ants <{address}>" for address in LIST_ADDRESSES]
SIGNER = forge_usable(ANNE)
SALT = bytes.fromhex("00000000001e0020") + b"salt@notations.sequoia-pgp.org" + bytes(range(32))
EXPORTABLE, TRUST, REGEX, REVOCABLE, NOTATION, KEY_SERVER, POLICY_URI, SIGNERS_USER_ID = 4, 5, 6, 7, 20, 24, 26, 28


def certify(
    user_id: str = USER_IDS[0],
    *,
    kind: int = POSITIVE,
    by: Key = SIGNER.primary,
    at: int | None = None,
    digest: str = "sha512",
    extra: bytes = b"",
    unhashed: bytes = b"",
) -> bytes:
    """A certification (packet) of a user ID of the list."""
    at = now() if at is None else at
    return signature(by, kind, certified(PRIMARY, user_id), at=at, digest=digest, extra=extra, unhashed=unhashed)


def offered(*signatures: bytes, user_id: str = USER_IDS[0], primary: bytes = PRIMARY) -> bytes:
    """A copy of the list's certificate with signatures behind one of its user IDs."""
    return packet(Tag.PUBLIC_KEY, primary) + packet(USER_ID, user_id.encode()) + b"".join(signatures)


def found(*signatures: bytes, signer: bytes = SIGNER.public) -> tuple[Certification, ...]:
    """What is taken of signatures on the first user ID."""
    return openpgp.certifications(LIST, offered(*signatures), signer)


def problem(*signatures: bytes, signer: bytes = SIGNER.public) -> CertificateProblem:
    """Why nothing is taken of signatures on the first user ID."""
    return refusal(openpgp.certifications, LIST, offered(*signatures), signer)


def body_of(data: bytes) -> bytes:
    """The body of the only packet."""
    (only,) = walk(data)
    return only.body
