"""Small things that somebody keeps elsewhere: encrypted by a passphrase, or to their own certificate.

Both are usual OpenPGP messages (RFC 9580 §10.3), which other programs open, too: `gpg --decrypt`.
"""

import pysequoia

from mailman_pgp.openpgp import workshop
from mailman_pgp.openpgp.armor import dearmor
from mailman_pgp.openpgp.certificates import Certificate
from mailman_pgp.openpgp.errors import OpeningError, OpeningProblem, OpenPGPError, PacketError
from mailman_pgp.openpgp.packets import Tag, walk

#: More than anything that is kept so.
MAX_BYTES = 64 * 1024
_SECONDS = 30.0
_MEMORY_BYTES = 256 * 1024 * 1024


def encrypt_by_passphrase(content: bytes, passphrase: str) -> bytes:
    """Return an armored message that the passphrase opens: AES-256, its key derived by 65 million octets of SHA-256."""
    return pysequoia.encrypt(content, passwords=[passphrase])


def encrypt_to(content: bytes, certificate: Certificate) -> bytes:
    """Return an armored message that the secret key of a certificate opens; raises OpenPGPError when it can't be used."""
    try:
        return pysequoia.encrypt(content, recipients=[pysequoia.Cert.from_bytes(certificate.data)])
    except Exception:  # noqa: BLE001 - its text may be a backtrace
        raise OpenPGPError("Nothing can be encrypted to this certificate. Choose another one.") from None


def takes_passphrase(message: bytes) -> bool:
    """Whether an OpenPGP message, armored or binary, can be opened by a passphrase; False also for what is no message."""
    try:
        return any(packet.tag == Tag.SKESK for packet in walk(dearmor(message), limit=16))
    except PacketError:
        return False


def open_by_passphrase(message: bytes, passphrase: str) -> bytes:
    """Return what is in a message, armored or binary.

    Raises OpeningError: NOT_FOR_LIST when the passphrase does not open it, DAMAGED when it was changed, and others; and
    WorkshopError.
    """
    if len(message) > MAX_BYTES:
        raise OpeningError(OpeningProblem.TOO_LARGE)
    bounds = workshop.Bounds(_SECONDS, _MEMORY_BYTES, MAX_BYTES)
    try:
        answer, blobs = workshop.request("open-by-passphrase", {}, [message, passphrase.encode()], bounds=bounds)
        if "problem" in answer:
            raise OpeningError(OpeningProblem(answer["problem"]))
        return blobs[0]
    except (workshop.WorkerTimeoutError, workshop.WorkerDiedError, IndexError, KeyError, ValueError):
        raise OpeningError(OpeningProblem.DAMAGED) from None


def opened_by_passphrase(message: bytes, passphrase: str) -> bytes:
    """The same, in the worker process."""
    try:
        binary = dearmor(message)
        skesk = any(packet.tag == Tag.SKESK for packet in walk(binary, limit=16))
    except PacketError:
        raise OpeningError(OpeningProblem.NOT_OPENPGP) from None
    if not skesk:
        raise OpeningError(OpeningProblem.NOT_FOR_LIST)
    try:
        return pysequoia.decrypt(binary, passwords=[passphrase]).bytes or b""
    except RuntimeError as error:
        wrong = str(error).startswith("No key to decrypt")
        raise OpeningError(OpeningProblem.NOT_FOR_LIST if wrong else OpeningProblem.DAMAGED) from None
