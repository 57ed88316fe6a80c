"""Every certificate of a keyring by itself: one that is bad takes nothing from the others.  In the worker process."""

from dataclasses import dataclass
from typing import Any

from pysequoia.packet import PacketPile

from mailman_pgp.openpgp.armor import PRIVATE_KEY, PUBLIC_KEY, dearmor_each
from mailman_pgp.openpgp.certificates import Certificate, inspect
from mailman_pgp.openpgp.errors import CertificateError, CertificateProblem, PacketError
from mailman_pgp.openpgp.key_packets import holds_secret, split
from mailman_pgp.openpgp.packets import walk
from mailman_pgp.openpgp.pieces import MAX_PACKETS, pieces
from mailman_pgp.openpgp.reading import excess, merged

_TAG_BIT = 0x80


@dataclass(frozen=True, slots=True)
class Gathered:
    """What became of one: the certificate, or the problem that kept it from being read.

    `fingerprint` is in upper-case hexadecimal, empty where not even that can be read.
    """

    fingerprint: str
    certificate: Certificate | None
    problem: CertificateProblem | None

    def to_json(self) -> dict[str, Any]:
        """Return everything but the certificate's blobs as plain values."""
        return {
            "fingerprint": self.fingerprint,
            "certificate": self.certificate and self.certificate.to_json(),
            "problem": self.problem,
        }


def divided(data: bytes) -> tuple[list[bytes], int]:
    """Return every key in `data` (binary, or armored blocks with any text around them), as binary packets, in order; unread.

    Copies of one stand side by side in one blob, where the first of them is; the number is how many pieces are too damaged to
    tell where a key begins or ends.  Raises CertificateError SECRET_KEY when there is a secret key anywhere, NO_KEY when there is nothing.
    """
    if data and data[0] & _TAG_BIT:
        blobs: list[tuple[str, bytes | None]] = [(PUBLIC_KEY, data)]
    else:
        if f"BEGIN {PRIVATE_KEY}".encode() in data:
            raise CertificateError(CertificateProblem.SECRET_KEY)
        blobs = dearmor_each(data)
    if any(blob is not None and holds_secret(blob) for _, blob in blobs):
        raise CertificateError(CertificateProblem.SECRET_KEY)
    copies: dict[bytes, dict[bytes, None]] = {}
    damaged = 0
    for kind, blob in blobs:
        for key in [] if kind != PUBLIC_KEY else [None] if blob is None else pieces(blob):
            if key is None:
                damaged += 1
            else:
                copies.setdefault(_primary(key), {})[key] = None
    if not copies and not damaged:
        raise CertificateError(CertificateProblem.NO_KEY)
    return [b"".join(each) for each in copies.values()], damaged


def _primary(key: bytes) -> bytes:
    """The packet by which copies of one key are known."""
    first = next(walk(key))
    return key[first.start : first.end]


def gathered(keys: list[bytes]) -> list[Gathered]:
    """Return what becomes of each key, of which there may be several copies, as `divided` has them."""
    return [_joined(key) for key in keys]


def each_merged(old: list[bytes], new: list[bytes]) -> list[Gathered]:
    """Return copies of certificates (binary) that are known already joined with the `old` ones, one by one."""
    return [_merged(first, second, "") for first, second in zip(old, new, strict=True)]


def _joined(key: bytes) -> Gathered:
    """Of several copies the first that can be read, with what the others say."""
    try:
        copies = [key[packets[0].start : packets[-1].end] for packets in split(key, limit=MAX_PACKETS)]
    except PacketError:
        copies = [key]
    found = _one(copies[0])
    for copy in copies[1:]:
        one = _one(copy)
        if found.certificate is None:
            found = one
        elif one.certificate is not None:
            found = _merged(found.certificate.data, one.certificate.data, found.fingerprint)
    return found


def _one(key: bytes) -> Gathered:
    try:
        certificate = inspect(key, excess)
    except CertificateError as error:
        return Gathered(_fingerprint(key), None, error.problem)
    return Gathered(certificate.fingerprint, certificate, None)


def _merged(old: bytes, new: bytes, fingerprint: str) -> Gathered:
    try:
        (certificate,) = merged(old, new)
    except CertificateError as error:
        return Gathered(fingerprint, None, error.problem)
    except ValueError:  # not of one key
        return Gathered(fingerprint, None, CertificateProblem.BROKEN)
    return Gathered(certificate.fingerprint, certificate, None)


def _fingerprint(key: bytes) -> str:
    try:
        primary = split(key, limit=MAX_PACKETS)[0][0]
        (packet,) = PacketPile.from_bytes(key[primary.start : primary.end])
    except (PacketError, RuntimeError, OSError, ValueError):
        return ""
    return (packet.fingerprint or "").upper()
