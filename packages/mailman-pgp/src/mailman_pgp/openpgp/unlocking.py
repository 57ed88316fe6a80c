"""Reading a secret key that a list is to have (in the worker process)."""

import pysequoia
from pysequoia import Cert, Tsk

from mailman_pgp.openpgp import algorithms
from mailman_pgp.openpgp.armor import PRIVATE_KEY, PUBLIC_KEY, dearmor_all
from mailman_pgp.openpgp.certificates import inspect
from mailman_pgp.openpgp.decrypting import open_envelope
from mailman_pgp.openpgp.envelopes import read_envelope
from mailman_pgp.openpgp.errors import (
    CertificateError,
    CertificateProblem,
    OpeningError,
    OpeningProblem,
    PacketError,
    TooManyPacketsError,
)
from mailman_pgp.openpgp.key_packets import ALLOWED_TAGS, SECRET_TAGS, split
from mailman_pgp.openpgp.packets import Packet, Tag, packet, walk
from mailman_pgp.openpgp.protection import open_packet
from mailman_pgp.openpgp.reading import excess

_TAG_BIT = 0x80
_KEPT = ALLOWED_TAGS - {Tag.TRUST, Tag.MARKER, Tag.PADDING, Tag.USER_ATTRIBUTE}
_PROBE = b"Does this key do what it is for?"


def unlocked(data: bytes, passphrase: bytes | None) -> bytes:
    """Return the one secret key in `data`, binary or armored, as a binary one without a passphrase.

    It can be encrypted to and signs, and its halves belong together.  Raises CertificateError; see `adopting.read_secret_key`.
    """
    packets = _one_key(data)
    try:
        secret = b"".join(
            packet(one.tag, open_packet(one.tag, one.body, passphrase) if one.tag in SECRET_TAGS else one.body)
            for one in packets
            if one.tag in _KEPT
        )
    except (PacketError, IndexError):
        raise CertificateError(CertificateProblem.BROKEN) from None
    if any(one.tag == Tag.PUBLIC_SUBKEY for one in packets):
        raise CertificateError(CertificateProblem.NO_SECRET)
    _try(secret)
    return secret


def _one_key(data: bytes) -> list[Packet]:
    try:
        if data and data[0] & _TAG_BIT:
            blobs = [data]
        else:
            found = dearmor_all(data)
            blobs = [blob for kind, blob in found if kind == PRIVATE_KEY] or [
                blob for kind, blob in found if kind == PUBLIC_KEY
            ]
        keys = [key for blob in blobs for key in split(blob)]
    except TooManyPacketsError:
        raise CertificateError(CertificateProblem.TOO_LARGE) from None
    except PacketError:
        raise CertificateError(CertificateProblem.BROKEN) from None
    if not keys:
        raise CertificateError(CertificateProblem.NO_KEY)
    secret = [key for key in keys if key[0].tag == Tag.SECRET_KEY]
    if not secret:
        raise CertificateError(CertificateProblem.NOT_SECRET)
    if len(secret) > 1:
        raise CertificateError(CertificateProblem.SEVERAL_KEYS)
    try:
        algorithms.version(secret[0][0].body)
    except PacketError:
        raise CertificateError(CertificateProblem.KIND) from None
    return secret[0]


def _try(secret: bytes) -> None:
    """Use the key for all that it is for; raises CertificateError."""
    try:
        tsk = Tsk.from_bytes(secret)
        public = bytes(tsk.extract_certificate())
    except (RuntimeError, OSError, ValueError):
        raise CertificateError(CertificateProblem.BROKEN) from None
    try:
        problem = inspect(public, excess).usability.problem
    except CertificateError as error:
        # The library leaves secret what it does not know, also in what it calls a certificate.
        problem = CertificateProblem.KIND if error.problem is CertificateProblem.SECRET_KEY else error.problem
    if problem is not None:
        raise CertificateError(problem) from None
    try:
        signer = tsk.signer()
    except (RuntimeError, OSError, ValueError):
        raise CertificateError(CertificateProblem.NOT_SIGNING) from None
    try:
        certificate = Cert.from_bytes(public)
        message = pysequoia.encrypt(_PROBE, [certificate], signer=signer, armor=False)
        opened = pysequoia.decrypt(message, tsk.decryptor(), store=lambda _ids: [certificate])
        good = opened.bytes == _PROBE and len(opened.valid_sigs) == 1
    except (RuntimeError, OSError, ValueError):
        good = False
    if not good:
        raise CertificateError(CertificateProblem.BROKEN)
    _open_each(message, secret)


def _open_each(message: bytes, secret: bytes) -> None:
    """Open a message as posts are opened, which is not possible with all that the library knows; by each part that it is encrypted to.

    Programs encrypt to all of these, or to one of their choice.
    """
    *session_keys, data = (message[one.start : one.end] for one in walk(message))
    for session_key in session_keys:
        envelope = read_envelope(session_key + data, pkesks=1, wildcards=0)
        try:
            open_envelope(envelope, [secret], content_bytes=len(_PROBE))
        except OpeningError as error:
            halves = error.problem in {OpeningProblem.DAMAGED, OpeningProblem.NOT_FOR_LIST}
            raise CertificateError(CertificateProblem.BROKEN if halves else CertificateProblem.KIND) from None
