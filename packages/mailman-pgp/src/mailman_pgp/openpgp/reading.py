"""Reading certificates from whatever people send (in the worker process)."""

from pysequoia import Cert
from pysequoia.packet import PacketPile

from mailman_pgp.openpgp.armor import PRIVATE_KEY, PUBLIC_KEY, SIGNATURE, dearmor_all
from mailman_pgp.openpgp.certificates import Certificate, inspect
from mailman_pgp.openpgp.cleaning import clean, shorten
from mailman_pgp.openpgp.errors import CertificateError, CertificateProblem, PacketError, TooManyPacketsError
from mailman_pgp.openpgp.key_packets import holds_secret, sort, split
from mailman_pgp.openpgp.packets import Tag, walk
from mailman_pgp.openpgp.subpackets import SignatureKind

#: More keys than this at once are a keyring, and nobody means all of a keyring.
MAX_CERTIFICATES = 100
#: The largest certificate that is taken, as its own key has signed it.  Parsed it takes sixteen times as much memory in every
#: process that sends posts.  Common ones have 2 kB, those of people who work with keys 40 kB, a post-quantum one 25 kB.
MAX_CERTIFICATE_BYTES = 128 * 1024
#: How many user IDs, and how many subkeys, it may have.  Each live encryption subkey is one more encryption of each post.
MAX_PARTS = 64
_TAG_BIT = 0x80


def certificates_in(data: bytes) -> list[Certificate]:
    """Return every certificate in `data`; form and errors as in `certificates.read_certificates`."""
    sent = blocks(data)
    if _lone_revocation(sent) is not None:
        raise CertificateError(CertificateProblem.ONLY_REVOCATION)
    blobs = [blob for kind, blob in sent if kind == PUBLIC_KEY]
    try:
        found = [blob[packets[0].start : packets[-1].end] for blob in blobs for packets in split(blob)]
    except TooManyPacketsError:
        raise CertificateError(CertificateProblem.TOO_LARGE) from None
    except PacketError:
        raise CertificateError(CertificateProblem.BROKEN) from None
    if not found:
        raise CertificateError(CertificateProblem.NO_KEY)
    if len(found) > MAX_CERTIFICATES:
        raise CertificateError(CertificateProblem.SEVERAL_KEYS)
    return [inspect(certificate, excess) for certificate in found]


def excess(data: bytes) -> CertificateProblem | None:
    """Tell which limit a clean certificate exceeds."""
    if len(data) > MAX_CERTIFICATE_BYTES:
        return CertificateProblem.TOO_LARGE
    parts = sort(data)
    return CertificateProblem.TOO_MANY_PARTS if max(len(parts.user_ids), len(parts.subkeys)) > MAX_PARTS else None


def blocks(data: bytes) -> list[tuple[str, bytes]]:
    """Return kind and binary content of each block; refuse secret keys, wherever and however labelled."""
    if data and data[0] & _TAG_BIT:
        found = [(PUBLIC_KEY, data)]
    else:
        if f"BEGIN {PRIVATE_KEY}".encode() in data:
            raise CertificateError(CertificateProblem.SECRET_KEY)
        try:
            found = dearmor_all(data)
        except PacketError:
            raise CertificateError(CertificateProblem.BROKEN) from None
    if any(holds_secret(blob) for _, blob in found):
        raise CertificateError(CertificateProblem.SECRET_KEY)
    return found


def _lone_revocation(blocks: list[tuple[str, bytes]]) -> bytes | None:
    """Return the packet when there is nothing but the revocation of a whole certificate, as gpg --gen-revoke writes it."""
    blobs = [blob for kind, blob in blocks if kind in {PUBLIC_KEY, SIGNATURE}]
    try:
        packets = list(walk(blobs[0], limit=1)) if len(blobs) == 1 else []
    except PacketError:
        return None
    # RFC 9580 §5.2.3: in versions 4 and 6 the type stands behind the version.
    if [(packet.tag, packet.body[1:2]) for packet in packets] != [
        (Tag.SIGNATURE, bytes([SignatureKind.KEY_REVOCATION]))
    ]:
        return None
    return blobs[0]


def revocation_in(data: bytes) -> tuple[list[str], bytes]:
    """Return whom the one revocation in `data` names as its maker, and its packet; see `certificates.read_revocation`."""
    found = _lone_revocation(blocks(data))
    if found is None:
        raise CertificateError(CertificateProblem.NO_KEY)
    try:
        (packet,) = PacketPile.from_bytes(found)
    except (RuntimeError, OSError, ValueError):
        raise CertificateError(CertificateProblem.BROKEN) from None
    return [name.upper() for name in (packet.issuer_fingerprint, packet.issuer_key_id) if name], found


def revoked(certificate: bytes, revocation: bytes) -> list[Certificate]:
    """Return a binary certificate with the revocation packet in it; empty when that was not made by its primary key."""
    try:
        primary = sort(certificate).primary.raw
        if not sort(clean(primary + revocation)).primary.signatures:
            return []
    except (PacketError, RuntimeError, OSError, ValueError):
        return []
    return [inspect(primary + revocation + certificate[len(primary) :])]


def merged(old: bytes, new: bytes) -> list[Certificate]:
    """Return the two binary copies of one certificate as one; empty when their primary keys differ."""
    first, second = inspect(old), inspect(new)
    if first.fingerprint != second.fingerprint:
        return []
    try:
        both = bytes(Cert.from_bytes(first.data).merge(Cert.from_bytes(second.data)))
        if excess(both) is not None:
            both = shorten(both, second.data)
    except (PacketError, RuntimeError, OSError, ValueError):
        raise CertificateError(CertificateProblem.BROKEN) from None
    found = inspect(both)
    problem = excess(found.data)
    if problem is not None and not found.revoked:  # a revocation counts, whatever it comes with
        raise CertificateError(problem)
    return [found]
