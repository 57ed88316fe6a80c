"""The worker process: it reads untrusted packets so that nobody else has to.

`python -I -m mailman_pgp.openpgp.worker` is the stem from which `workshop` has one worker forked for each request.  A worker
has no environment, no files, no children (threads where its work can't do without), and only the memory and the CPU time that its request is worth.  It reads the
request as one frame from standard input, writes the answer as one frame to standard output, and ends.  So what takes a
worker over has the message and the keys of that one request, and can lie about nothing else.
"""

import contextlib
import os
import resource
from collections.abc import Callable
from typing import Any

from mailman_pgp.openpgp import decrypting, frames, gathering, passphrases, reading, stem, unlocking, vouching
from mailman_pgp.openpgp.certificates import Certificate
from mailman_pgp.openpgp.errors import CertificateError, NoLatticeError, OpeningError
from mailman_pgp.openpgp.signatures import SignatureVerdict
from mailman_pgp.site import memory

_PAGE = resource.getpagesize()
_Answer = tuple[dict[str, Any], list[bytes]]
#: What one side of a pipe may send to the worker: its parent is trusted.
_MAX_REQUEST_BYTES = 1 << 40
#: Argon2 works in as many threads as a key asks for; to the kernel they are processes, and only to root does that limit not apply.
_THREADED = frozenset({"unlock"})


class _EndedError(Exception):
    """The parent has closed its end."""


def _read_exactly(count: int) -> bytes:
    pieces = bytearray()
    while len(pieces) < count:
        piece = os.read(0, min(count - len(pieces), 1 << 20))
        if not piece:
            raise _EndedError
        pieces += piece
    return bytes(pieces)


def _write(pieces: list[bytes]) -> None:
    for piece in pieces:
        rest = memoryview(piece)
        while rest:
            rest = rest[os.write(1, rest) :]


def _address_space() -> int:
    """Return how many octets of address space this process has (Linux: /proc/self/statm)."""
    with open("/proc/self/statm", "rb") as statm:  # noqa: PTH123 - pathlib would cost time at every start
        return int(statm.read().split()[0]) * _PAGE


def confine() -> int:
    """Give up what the worker never needs; return its address space before any work."""
    base = _address_space()
    memory.keep_private()
    for limit in (resource.RLIMIT_FSIZE, resource.RLIMIT_NOFILE):
        resource.setrlimit(limit, (0, 0))
    return base


def _limit(base: int, memory_bytes: int, seconds: float, *, threads: bool) -> None:
    """Allow the request at hand this much memory beyond `base`, and this much CPU time: it may outlive its parent."""
    if not threads:
        resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    memory = base + memory_bytes
    resource.setrlimit(resource.RLIMIT_AS, (memory if hard == resource.RLIM_INFINITY else min(memory, hard), hard))
    used = resource.getrusage(resource.RUSAGE_SELF)
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    resource.setrlimit(resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime + seconds) + 2, hard))


def _certificates(found: list[Certificate]) -> _Answer:
    return {"certificates": [certificate.to_json() for certificate in found]}, [
        blob for certificate in found for blob in certificate.blobs
    ]


def _read_certificates(_: dict[str, Any], blobs: list[bytes]) -> _Answer:
    return _certificates(reading.certificates_in(blobs[0]))


def _gathered(found: list[gathering.Gathered]) -> _Answer:
    return {"gathered": [one.to_json() for one in found]}, [
        blob for one in found if one.certificate for blob in one.certificate.blobs
    ]


def _read_keyring(_: dict[str, Any], blobs: list[bytes]) -> _Answer:
    return _gathered(gathering.gathered(blobs))


def _divide(_: dict[str, Any], blobs: list[bytes]) -> _Answer:
    keys, damaged = gathering.divided(blobs[0])
    return {"damaged": damaged}, keys


def _merge_each(_: dict[str, Any], blobs: list[bytes]) -> _Answer:
    return _gathered(gathering.each_merged(blobs[::2], blobs[1::2]))


def _merge(_: dict[str, Any], blobs: list[bytes]) -> _Answer:
    return _certificates(reading.merged(blobs[0], blobs[1]))


def _read_revocation(_: dict[str, Any], blobs: list[bytes]) -> _Answer:
    issuers, signature = reading.revocation_in(blobs[0])
    return {"issuers": issuers}, [signature]


def _revoke(_: dict[str, Any], blobs: list[bytes]) -> _Answer:
    return _certificates(reading.revoked(blobs[0], blobs[1]))


def _unlock(_: dict[str, Any], blobs: list[bytes]) -> _Answer:
    data, *passphrase = blobs
    return {}, [unlocking.unlocked(data, passphrase[0] if passphrase else None)]


def _find_certifications(_: dict[str, Any], blobs: list[bytes]) -> _Answer:
    found = vouching.certifications(*blobs)
    return {"certifications": [one.to_json() for one in found]}, [one.data for one in found]


def _open(header: dict[str, Any], blobs: list[bytes]) -> _Answer:
    ciphertext, *keys = blobs
    secrets = header["secrets"]
    content, verdicts = decrypting.open_message(
        ciphertext,
        keys[:secrets],
        keys[secrets:],
        pkesks=header["pkesks"],
        wildcards=header["wildcards"],
        content_bytes=header["content_bytes"],
    )
    found, packets = _judged(verdicts)
    return found, [content, *packets]


def _judged(verdicts: list[SignatureVerdict]) -> _Answer:
    return {"signatures": [verdict.to_json() for verdict in verdicts]}, [verdict.packet for verdict in verdicts]


def _verify(_: dict[str, Any], blobs: list[bytes]) -> _Answer:
    content, signature, *signers = blobs
    return _judged(decrypting.verify_detached(content, signature, signers))


def _open_by_passphrase(_: dict[str, Any], blobs: list[bytes]) -> _Answer:
    message, passphrase = blobs
    return {}, [passphrases.opened_by_passphrase(message, passphrase.decode())]


_OPERATIONS: dict[str, Callable[[dict[str, Any], list[bytes]], _Answer]] = {
    "certificates": _read_certificates,
    "divide": _divide,
    "keyring": _read_keyring,
    "merge": _merge,
    "merge-each": _merge_each,
    "revocation": _read_revocation,
    "revoke": _revoke,
    "certifications": _find_certifications,
    "unlock": _unlock,
    "open": _open,
    "open-by-passphrase": _open_by_passphrase,
    "verify": _verify,
}


def answer(header: dict[str, Any], blobs: list[bytes]) -> _Answer:
    """Do what one request asks; every failure becomes an answer without any text of a library."""
    try:
        return _OPERATIONS[header["operation"]](header, blobs)
    except (CertificateError, OpeningError) as error:
        return {"problem": error.problem.value}, []
    except NoLatticeError:
        return {"failed": "no-lattice"}, []
    except MemoryError:
        return {"failed": "memory"}, []
    except BaseException:  # noqa: BLE001 - a panic in Rust is no Exception, and its text may quote the message
        return {"failed": "unexpected"}, []


def work() -> None:
    """Answer one request."""
    base = confine()
    with contextlib.suppress(_EndedError, BrokenPipeError):
        header, blobs = frames.decode(_read_exactly, max_blob_bytes=_MAX_REQUEST_BYTES)
        _limit(base, header["memory_bytes"], header["seconds"], threads=header["operation"] in _THREADED)
        _write(frames.encode(*answer(header, blobs)))


if __name__ == "__main__":
    stem.main(work)
