"""Reading certificates from whatever people send (in the worker process)."""

from pysequoia import Cert

from mailman_pgp.openpgp.armor import PRIVATE_KEY, PUBLIC_KEY, dearmor_all
from mailman_pgp.openpgp.certificates import Certificate, inspect
from mailman_pgp.openpgp.errors import CertificateError, CertificateProblem, PacketError
from mailman_pgp.openpgp.key_packets import holds_secret, split

#: More keys than this at once are a keyring, and nobody means all of a keyring.
MAX_CERTIFICATES = 100
_TAG_BIT = 0x80


def certificates_in(data: bytes) -> list[Certificate]:
    """Return every certificate in `data`; form and errors as in `certificates.read_certificates`."""
    try:
        found = [blob[packets[0].start : packets[-1].end] for blob in _blobs(data) for packets in split(blob)]
    except PacketError:
        raise CertificateError(CertificateProblem.BROKEN) from None
    if not found:
        raise CertificateError(CertificateProblem.NO_KEY)
    if len(found) > MAX_CERTIFICATES:
        raise CertificateError(CertificateProblem.SEVERAL_KEYS)
    return [inspect(certificate) for certificate in found]


def _blobs(data: bytes) -> list[bytes]:
    """Return the binary content of each block of public keys; refuse secret keys, wherever and however labelled."""
    if data and data[0] & _TAG_BIT:
        blocks = [(PUBLIC_KEY, data)]
    else:
        if f"BEGIN {PRIVATE_KEY}".encode() in data:
            raise CertificateError(CertificateProblem.SECRET_KEY)
        try:
            blocks = dearmor_all(data)
        except PacketError:
            raise CertificateError(CertificateProblem.BROKEN) from None
    if any(holds_secret(blob) for _, blob in blocks):
        raise CertificateError(CertificateProblem.SECRET_KEY)
    return [blob for kind, blob in blocks if kind == PUBLIC_KEY]


def merged(old: bytes, new: bytes) -> list[Certificate]:
    """Return the two binary copies of one certificate as one; empty when their primary keys differ."""
    first, second = inspect(old), inspect(new)
    if first.fingerprint != second.fingerprint:
        return []
    try:
        both = bytes(Cert.from_bytes(first.data).merge(Cert.from_bytes(second.data)))
    except (RuntimeError, OSError, ValueError):
        raise CertificateError(CertificateProblem.BROKEN) from None
    return [inspect(both)]
