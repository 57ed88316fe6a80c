"""Recipients of a post, and the copies that they get: taken apart, and opened."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pysequoia

from mailman_pgp.openpgp.armor import MESSAGE, dearmor
from mailman_pgp.openpgp.certificates import inspect
from mailman_pgp.openpgp.fanout import Recipient
from mailman_pgp.openpgp.packets import Packet, Tag, walk

if TYPE_CHECKING:
    from others import Member

    from mailman_pgp.openpgp.fanout import Copy
    from mailman_pgp.openpgp.listkeys import ListSecretKey

TEXT = b"Content-Type: text/plain\r\n\r\nHello\r\n"


def recipient(address: str, certificate: bytes) -> Recipient:
    """A recipient as it comes out of the store: judged, and found usable."""
    judged = inspect(certificate)
    assert judged.usability.usable, judged.usability.problem
    return Recipient(address, judged.data, judged.usability.recipients, judged.usability.seipd, judged.fingerprint)


def of(*members: Member) -> list[Recipient]:
    """The recipients for these members."""
    return [recipient(member.address, member.certificate) for member in members]


def parts(copy: Copy) -> tuple[list[Packet], Packet]:
    """The session keys and the encrypted data of a copy."""
    *keys, seipd = walk(dearmor(copy.head + copy.tail, kinds={MESSAGE}))
    assert {key.tag for key in keys} == {Tag.PKESK}
    assert seipd.tag == Tag.SEIPD
    return keys, seipd


def opened(copy: Copy, secret: bytes, signer: ListSecretKey) -> bytes:
    """The content of a copy, whose signature must be a good one by the list."""
    list_certificate = pysequoia.Cert.from_bytes(signer.certificate_data)
    decryptor = pysequoia.Tsk.from_bytes(secret).decryptor()
    done = pysequoia.decrypt(copy.head + copy.tail, decryptor, store=lambda _ids: [list_certificate])
    assert [sig.certificate.upper() for sig in done.valid_sigs] == [signer.fingerprint]
    assert done.bytes is not None
    return done.bytes
