"""Opening encrypted messages and judging their signatures, by the worker process."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mailman_pgp.openpgp import workshop
from mailman_pgp.openpgp.errors import OpeningError, OpeningProblem
from mailman_pgp.openpgp.signatures import SignatureVerdict

_MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """What a message may cost.

    `message_bytes` is the size of the message as it came, `content_bytes` that of what is in it; `pkesks` the number of
    session keys, `wildcard_pkesks` that of those for anonymous recipients, which must all be tried; `seconds` the time
    for all of it, `memory_bytes` the most memory that the worker may take for it (small messages get less).
    """

    message_bytes: int = 48 * _MIB
    content_bytes: int = 64 * _MIB
    pkesks: int = 200
    wildcard_pkesks: int = 16
    seconds: float = 30.0
    memory_bytes: int = 1024 * _MIB


DEFAULT = Limits()

#: Nobody's text is compressed to less than this part of it; a bomb is.
_EXPANSION = 100
_ROOM = 16 * _MIB
#: Measured: while it decompresses, a library holds up to four times the content, and there is a copy on either side.
_COPIES_OF_CONTENT = 7
_COPIES_OF_MESSAGE = 5
#: What the packets of good signatures may take in an answer.
_PACKETS_BYTES = _MIB


@dataclass(frozen=True, slots=True, repr=False)
class Opened:
    """What was in a message: its content, and the verdict on each of its signatures, in no particular order."""

    content: bytes
    signatures: tuple[SignatureVerdict, ...]

    def __repr__(self) -> str:
        """Show sizes only: the content is secret."""
        return f"Opened({len(self.content)} bytes, {len(self.signatures)} signatures)"


def open_message(
    ciphertext: bytes, secrets: Sequence[bytes], signers: Sequence[bytes], *, limits: Limits = DEFAULT
) -> Opened:
    """Open an encrypted message, armored or binary, with the binary secret keys of a list, current or retired.

    `signers` are the binary certificates that may have signed it; a signature by any other is UNKNOWN_KEY.  Content is
    returned only when its integrity is proven.  Raises OpeningError for everything that is the message's fault, and
    WorkshopError when the worker process does not start, or lacks the ML-KEM that this message needs: then keep the message.
    """
    if len(ciphertext) > limits.message_bytes:
        raise OpeningError(OpeningProblem.TOO_LARGE)
    content_bytes = min(limits.content_bytes, max(_ROOM, _EXPANSION * len(ciphertext)))
    header = {
        "secrets": len(secrets),
        "pkesks": limits.pkesks,
        "wildcards": limits.wildcard_pkesks,
        "content_bytes": content_bytes,
    }
    needed = 2 * _ROOM + _COPIES_OF_CONTENT * content_bytes + _COPIES_OF_MESSAGE * len(ciphertext)
    bounds = workshop.Bounds(limits.seconds, min(limits.memory_bytes, needed), content_bytes + _PACKETS_BYTES)
    try:
        answer, blobs = workshop.request("open", header, [ciphertext, *secrets, *signers], bounds=bounds)
        if "problem" in answer:
            raise OpeningError(OpeningProblem(answer["problem"]))
        content, *packets = blobs
        return Opened(content, _verdicts(answer, packets))
    except workshop.WorkerTimeoutError:
        raise OpeningError(OpeningProblem.TIMEOUT) from None
    except workshop.WorkerMemoryError:
        raise OpeningError(OpeningProblem.TOO_LARGE) from None
    except (workshop.WorkerDiedError, KeyError, TypeError, ValueError):
        raise OpeningError(OpeningProblem.WORKER_DIED) from None


def verify_detached(
    content: bytes, signature: bytes, signers: Sequence[bytes], *, limits: Limits = DEFAULT
) -> tuple[SignatureVerdict, ...]:
    """Judge each signature packet in `signature`, armored or binary, over exactly the bytes of `content`.

    For PGP/MIME these are the bytes of the signed part with CRLF line ends (RFC 3156 §5).  Something that is no signature
    gets one verdict, BAD.  Raises OpeningError when `content` is too large or the worker dies of it, and WorkshopError.
    """
    size = len(content) + len(signature)
    if size > limits.message_bytes + limits.content_bytes:
        raise OpeningError(OpeningProblem.TOO_LARGE)
    needed = 2 * _ROOM + _COPIES_OF_CONTENT * size
    bounds = workshop.Bounds(limits.seconds, min(limits.memory_bytes, needed), _PACKETS_BYTES)
    try:
        answer, packets = workshop.request("verify", {}, [content, signature, *signers], bounds=bounds)
        return _verdicts(answer, packets)
    except workshop.WorkerTimeoutError:
        raise OpeningError(OpeningProblem.TIMEOUT) from None
    except workshop.WorkerMemoryError:
        raise OpeningError(OpeningProblem.TOO_LARGE) from None
    except (workshop.WorkerDiedError, KeyError, TypeError, ValueError):
        raise OpeningError(OpeningProblem.WORKER_DIED) from None


def _verdicts(answer: dict[str, Any], packets: list[bytes]) -> tuple[SignatureVerdict, ...]:
    pairs = zip(answer["signatures"], packets, strict=True)
    return tuple(SignatureVerdict.from_json(values, packet) for values, packet in pairs)
