"""The end of a list key, and its successor: what the one says of the other, and of itself."""

from datetime import UTC, datetime

import pysequoia

from mailman_pgp.openpgp import selfsign
from mailman_pgp.openpgp.certificates import Certificate, inspect
from mailman_pgp.openpgp.errors import CertificateProblem, PacketError
from mailman_pgp.openpgp.listkeys import ListKeyError
from mailman_pgp.openpgp.packets import Tag, walk
from mailman_pgp.openpgp.selfsign import Reason
from mailman_pgp.openpgp.signingkeys import SigningKey

_NOT_OURS = "The key of this list is of a kind that can't say this. Apply its revocation certificate from a file."


def vouch(secret: bytes, successor: bytes) -> bytes:
    """Certify each user ID of a binary certificate with a list's binary secret key; return the packets, one for each.

    There is none by a key of version 6 for one of version 4: GnuPG 2.2 and RNP refuse a whole certificate with such a signature in
    it, and could not write to the list.  Raises ListKeyError when that key can't.
    """
    signer = _signing_key(secret)
    packets = list(walk(successor))
    if signer.version > packets[0].body[0]:
        return b""
    made = int(datetime.now(UTC).timestamp())
    user_ids = [one.body for one in packets if one.tag == Tag.USER_ID]
    return b"".join(selfsign.vouching(signer, packets[0].body, user_id, created=made) for user_id in user_ids)


def with_vouching(successor: bytes, packets: bytes) -> bytes:
    """Return a binary certificate with what `vouch` has made for it, each packet behind its user ID."""
    following = walk(packets)
    written = []
    waits: bytes | None = None
    for one in walk(successor):
        if one.tag != Tag.SIGNATURE:
            written += [] if waits is None else [waits]
            signed = next(following, None) if one.tag == Tag.USER_ID else None
            waits = None if signed is None else packets[signed.start : signed.end]
        written.append(successor[one.start : one.end])
    return b"".join([*written, *([] if waits is None else [waits])])


def end(secret: bytes, certificate: bytes, reason: Reason, words: str) -> Certificate:
    """Revoke a list's binary certificate by its secret key; `words` are shown to people.  Raises ListKeyError when that can't be done."""
    packet = selfsign.revocation(_signing_key(secret), reason, words, created=int(datetime.now(UTC).timestamp()))
    first = next(walk(certificate))
    return inspect(certificate[: first.end] + packet + certificate[first.end :])


def _signing_key(secret: bytes) -> SigningKey:
    try:
        public = bytes(pysequoia.Tsk.from_bytes(secret).extract_certificate())
        return SigningKey.from_packets(next(walk(public)).body, next(walk(secret)).body)
    except (PacketError, RuntimeError, OSError, StopIteration):
        raise ListKeyError(CertificateProblem.POLICY, _NOT_OURS) from None
