"""A notice as it leaves: inside an encrypted message, or signed in the clear (RFC 3156 §5)."""

from __future__ import annotations

import copy
import io
import secrets
from email.generator import BytesGenerator
from email.message import Message
from email.policy import compat32
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_CRLF = compat32.clone(linesep="\r\n")
# What describes the entity and so belongs to the signed part; everything else is a header of the message.
_ENTITY = ("content-type", "content-transfer-encoding", "content-disposition", "content-description", "content-id")


def encrypted_notice(notice: Message, recipient: str) -> bytes:
    """The cryptographic payload of a notice to one recipient: the notice with its real headers (RFC 9788), CRLF.

    Does not change `notice`, which core may put into a queue again.
    """
    inner = copy.deepcopy(notice)
    del inner["to"]
    inner["To"] = recipient
    inner.set_param("hp", "cipher")
    inner.set_param("protected-headers", "v1")
    return _flat(inner)


def signed_notice(notice: Message, sign: Callable[[bytes], bytes], micalg: str) -> bytes:
    """A notice as `multipart/signed`, whole and with CRLF.

    :param sign: Makes an armored detached signature over exactly the bytes it is given.
    :param micalg: The name of the hash that `sign` uses (RFC 3156 §5).
    """
    entity = Message()
    outside = Message()
    for name, value in notice.items():
        (entity if name.lower() in _ENTITY else outside)[name] = value
    del outside["mime-version"]
    entity.set_payload(copy.deepcopy(notice.get_payload()))
    signed = _flat(entity)
    signature = sign(signed).replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    boundary = secrets.token_hex(16)
    delimiter = boundary.encode()
    return b"".join(
        (
            # Without the type: the generator would write an empty multipart for it, which ends before the signed part.
            _flat(outside).removesuffix(b"\r\n"),
            b"MIME-Version: 1.0\r\n",
            b'Content-Type: multipart/signed; protocol="application/pgp-signature"; micalg=', micalg.encode(), b";\r\n",
            b'\tboundary="', delimiter, b'"\r\n',
            b"\r\n--", delimiter, b"\r\n",
            signed,
            b"\r\n--", delimiter, b"\r\n",
            b'Content-Type: application/pgp-signature; name="signature.asc"\r\n\r\n',
            signature,
            b"\r\n--", delimiter, b"--\r\n",
        )
    )  # fmt: skip


def whole_message(message: Message) -> bytes:
    """A message that is complete, with CRLF."""
    return _flat(message)


def _flat(message: Message) -> bytes:
    stream = io.BytesIO()
    BytesGenerator(stream, mangle_from_=False, policy=_CRLF).flatten(message)
    return stream.getvalue()
