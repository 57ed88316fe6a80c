"""Every certificate of a keyring by itself: one that is bad takes nothing from the others.  In the worker process."""

from dataclasses import dataclass
from typing import Any

from pysequoia.packet import PacketPile

from mailman_pgp.openpgp.armor import PUBLIC_KEY
from mailman_pgp.openpgp.certificates import Certificate, inspect
from mailman_pgp.openpgp.errors import CertificateError, CertificateProblem, PacketError
from mailman_pgp.openpgp.key_packets import split
from mailman_pgp.openpgp.reading import blocks, excess, merged

#: As many people as a list may have before it is worth a program of its own.
MAX_CERTIFICATES = 500
#: Those who work with keys have hundreds of signatures on theirs.
MAX_PACKETS = 100_000


@dataclass(frozen=True, slots=True)
class Gathered:
    """What became of one: the certificate, or the problem that kept it from being read.

    `fingerprint` is in upper-case hexadecimal, empty where not even that can be read.
    """

    fingerprint: str
    certificate: Certificate | None
    problem: CertificateProblem | None

    def to_json(self) -> dict[str, Any]:
        """Return everything but the certificate's data as plain values."""
        return {
            "fingerprint": self.fingerprint,
            "certificate": self.certificate and self.certificate.to_json(),
            "problem": self.problem,
        }


def gathered(data: bytes) -> list[Gathered]:
    """Return every certificate in `data` (binary, or armored blocks), in order; several copies of one as one.

    Raises CertificateError SECRET_KEY when there is a secret key anywhere, NO_KEY when there is no key at all, SEVERAL_KEYS when
    there are too many, BROKEN when the armor is damaged, or all else.
    """
    keys: list[bytes | None] = []
    for kind, blob in blocks(data):
        if kind == PUBLIC_KEY:
            try:
                keys += [
                    blob[packets[0].start : packets[-1].end] for packets in split(blob, limit=MAX_PACKETS) if packets
                ]
            except PacketError:
                keys.append(None)
    if not any(keys):
        raise CertificateError(CertificateProblem.BROKEN if keys else CertificateProblem.NO_KEY)
    if len(keys) > MAX_CERTIFICATES:
        raise CertificateError(CertificateProblem.SEVERAL_KEYS)
    found: dict[str, Gathered] = {}
    nameless = []
    for key in keys:
        one = Gathered("", None, CertificateProblem.BROKEN) if key is None else _one(key)
        before = found.get(one.fingerprint)
        if not one.fingerprint:
            nameless.append(one)
        elif before is None or before.certificate is None:
            found[one.fingerprint] = one
        elif one.certificate is not None:
            found[one.fingerprint] = _merged(before.certificate.data, one.certificate.data, one.fingerprint)
    return [*found.values(), *nameless]


def each_merged(old: list[bytes], new: list[bytes]) -> list[Gathered]:
    """Return copies of certificates (binary) that are known already joined with the `old` ones, one by one."""
    return [_merged(first, second, "") for first, second in zip(old, new, strict=True)]


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
