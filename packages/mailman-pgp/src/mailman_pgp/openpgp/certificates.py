"""Certificates (public keys): who they belong to, and whether they can be encrypted to.

`inspect` looks at one certificate in this process; use it for what came out of our own store.  Everything that came from
outside goes through the worker process: `read_certificates`, `read_certificate`, `merge`.
"""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pysequoia import Cert

from mailman_pgp.openpgp import algorithms, workshop
from mailman_pgp.openpgp.cleaning import clean
from mailman_pgp.openpgp.compact import compact
from mailman_pgp.openpgp.errors import CertificateError, CertificateProblem, PacketError, TooManyPacketsError
from mailman_pgp.openpgp.key_packets import KeyParts, holds_secret, naive_utc, sort, split
from mailman_pgp.openpgp.usability import Usability, assess
from mailman_pgp.openpgp.usability import ends as usability_ends

#: The largest upload; a keyring of ordinary keys is far below it.
MAX_INPUT_BYTES = 4 * 1024 * 1024
_SECONDS = 20.0
_GROUP = 4

# Deliberately narrow: no quoted local parts, no comments, ASCII only.  What we cannot read has no address.
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){0,20}")
_LINE_BREAKING = frozenset({"Cc", "Cs", "Zl", "Zp"})
_MISLEADING = _LINE_BREAKING | {"Cf", "Cn", "Co"}
_JOINERS = "\N{ZERO WIDTH JOINER}\N{ZERO WIDTH NON-JOINER}"  # names in several scripts need them


@dataclass(frozen=True, slots=True)
class UserID:
    """A user ID that the certificate's own key certified and did not revoke.

    `text` is for display: control and direction characters are replaced.  `address` is lower-cased; None when there is
    none, or when it is not clear which one is meant.
    """

    text: str
    address: str | None

    @classmethod
    def parse(cls, raw: str) -> "UserID":
        """Read the text of a user ID packet, usually "Name <address>"."""
        categories = [unicodedata.category(character) for character in raw]
        text = "".join(
            "\N{REPLACEMENT CHARACTER}" if category in _MISLEADING and character not in _JOINERS else character
            for character, category in zip(raw, categories, strict=True)
        )
        return cls(text, None if _LINE_BREAKING.intersection(categories) else _address(raw))


def _address(text: str) -> str | None:
    if text.count("@") != 1:
        # "a@example.org <a@example.org>" is clear enough; anything else with two is not.
        halves = text.lower().removesuffix(">").split(" <")
        if len(halves) != 2 or halves[0] != halves[1]:  # noqa: PLR2004 - two halves
            return None
        text = halves[0]
    if "<" in text or ">" in text:
        head, _, rest = text.partition("<")
        if not rest.endswith(">") or ">" in head or "@" in head:
            return None
        text = rest[:-1]
    return text.lower() if _ADDRESS.fullmatch(text) else None


@dataclass(frozen=True, slots=True)
class Certificate:
    """One certificate as of the moment it was inspected; `data` is binary and holds no secret.  Times are naive UTC.

    `compact` is what encrypting to it needs of that (binary): see `mailman_pgp.openpgp.compact`; empty unless it is usable.
    """

    fingerprint: str
    version: int
    data: bytes
    created: datetime
    expires: datetime | None
    revoked: bool
    user_ids: tuple[UserID, ...]
    algorithm: str
    usability: Usability
    compact: bytes = b""

    @property
    def addresses(self) -> frozenset[str]:
        """The lower-cased addresses of the verified user IDs."""
        return frozenset(user_id.address for user_id in self.user_ids if user_id.address is not None)

    @property
    def key_id(self) -> str:
        """The key ID of the primary key: the end of a version 4 fingerprint, the beginning of a version 6 one."""
        return self.fingerprint[-16:] if self.version == 4 else self.fingerprint[:16]  # noqa: PLR2004 - RFC 9580 §5.5.4

    @property
    def blobs(self) -> tuple[bytes, bytes]:
        """What is too large for plain values: `data` and `compact`."""
        return self.data, self.compact

    def to_json(self) -> dict[str, Any]:
        """Return everything but `blobs` as plain values."""
        usability = self.usability
        return {
            "fingerprint": self.fingerprint,
            "version": self.version,
            "created": self.created.isoformat(),
            "expires": self.expires and self.expires.isoformat(),
            "revoked": self.revoked,
            "user_ids": [[user_id.text, user_id.address] for user_id in self.user_ids],
            "algorithm": self.algorithm,
            "usability": {
                "usable": usability.usable,
                "problem": usability.problem,
                "until": usability.until and usability.until.isoformat(),
                "seipd": usability.seipd,
                "recipients": list(usability.recipients),
            },
        }

    @classmethod
    def from_json(cls, values: dict[str, Any], data: bytes, compact: bytes) -> "Certificate":
        """Rebuild from `to_json()` and `blobs`; raises ValueError, TypeError or KeyError for anything else."""
        usability = values["usability"]
        return cls(
            fingerprint=str(values["fingerprint"]),
            version=int(values["version"]),
            data=data,
            created=datetime.fromisoformat(values["created"]),
            expires=datetime.fromisoformat(values["expires"]) if values["expires"] else None,
            revoked=bool(values["revoked"]),
            user_ids=tuple(UserID(str(text), address and str(address)) for text, address in values["user_ids"]),
            algorithm=str(values["algorithm"]),
            usability=Usability(
                usable=bool(usability["usable"]),
                problem=CertificateProblem(usability["problem"]) if usability["problem"] else None,
                until=datetime.fromisoformat(usability["until"]) if usability["until"] else None,
                seipd=int(usability["seipd"]),
                recipients=tuple(map(str, usability["recipients"])),
            ),
            compact=compact,
        )


def key_names(data: bytes) -> frozenset[str]:
    """The fingerprints and key IDs of the primary key and the subkeys of a certificate that is stored, in upper-case hex."""
    return frozenset(name for key in sort(data).keys for name in (key.fingerprint, key.key_id))


def inspect(data: bytes, excess: Callable[[bytes], CertificateProblem | None] | None = None) -> Certificate:
    """Look at exactly one binary certificate, in this process.

    What `excess` says of its data is raised before it is judged, since that takes time with the square of its parts.

    The answer's `data` is what its own key has signed (see `cleaning`), without pictures.  A certificate that
    cannot be encrypted to is returned, too, and `usability` tells why: even one of which no self-signature counts may hold
    the revocation of a key that is known.  Raises CertificateError when it holds secrets (SECRET_KEY), is not exactly one
    key (NO_KEY, SEVERAL_KEYS), has far too many packets (TOO_LARGE), is damaged (BROKEN), or of a version that nobody should use
    (POLICY).
    """
    _require_public(data)
    try:
        data = clean(data)
        problem = None if excess is None else excess(data)
        if problem is not None:
            raise CertificateError(problem)
        cert, parts = Cert.from_bytes(data), sort(data)
    except (PacketError, RuntimeError, OSError, ValueError):
        raise CertificateError(CertificateProblem.BROKEN) from None
    now = datetime.now(UTC).replace(tzinfo=None)
    usability = assess(cert, parts, now)
    try:
        user_ids = tuple(UserID.parse(str(user_id)) for user_id in cert.user_ids)
        expiration = cert.expiration
    except RuntimeError:  # no self-signature counts now
        user_ids, expiration = (), None
    expires = expiration and naive_utc(expiration)
    return Certificate(
        fingerprint=cert.fingerprint.upper(),
        version=parts.primary.packet.body[0],
        data=data,
        created=_created(parts),
        expires=expires,
        revoked=cert.is_revoked,
        user_ids=user_ids,
        algorithm=_algorithm(parts, usability.recipients),
        usability=usability,
        compact=compact(parts, usability, expires, now) if usability.usable else b"",
    )


def _require_public(data: bytes) -> None:
    """Refuse what is not exactly one certificate, before the library sees it."""
    if holds_secret(data):
        raise CertificateError(CertificateProblem.SECRET_KEY)
    try:
        keys = split(data)
    except TooManyPacketsError:
        raise CertificateError(CertificateProblem.TOO_LARGE) from None
    except PacketError:
        raise CertificateError(CertificateProblem.BROKEN) from None
    if len(keys) != 1:
        raise CertificateError(CertificateProblem.SEVERAL_KEYS if keys else CertificateProblem.NO_KEY)
    try:
        algorithms.version(keys[0][0].body)
    except PacketError:
        raise CertificateError(CertificateProblem.POLICY) from None


def _created(parts: KeyParts) -> datetime:
    created = parts.primary.packet.key_created
    if created is None:
        raise CertificateError(CertificateProblem.BROKEN)
    return naive_utc(created)


def _algorithm(parts: KeyParts, recipients: tuple[str, ...]) -> str:
    """Name the algorithm of the primary key and, if it is another one, that of the encryption key."""
    names = [algorithms.name(parts.primary.packet.body)]
    names += [
        algorithms.name(subkey.packet.body)
        for subkey in parts.subkeys
        if recipients and recipients[0] in {subkey.fingerprint, subkey.key_id}
    ]
    return " + ".join(dict.fromkeys(names))


def grouped(fingerprint: str) -> str:
    """Return a fingerprint in groups of four digits, as people compare it."""
    return " ".join(fingerprint[start : start + _GROUP] for start in range(0, len(fingerprint), _GROUP))


def read_certificates(data: bytes) -> list[Certificate]:
    """Read every certificate in `data`: binary, or armored with any text around and between the blocks.

    Runs in a worker process.  Raises CertificateError as `inspect` does, for the first one that is wrong; TOO_LARGE and
    TOO_MANY_PARTS when what its key has signed exceeds the limits of `reading`; SECRET_KEY when there is any secret key
    anywhere, NO_KEY when there is no key at all, ONLY_REVOCATION when there is nothing but the revocation of one (see
    `read_revocation`).
    """
    return _ask("certificates", [data])


def read_certificate(data: bytes) -> Certificate:
    """Read the one certificate in `data`; as `read_certificates`, and SEVERAL_KEYS when there are more."""
    certificates = read_certificates(data)
    if len(certificates) > 1:
        raise CertificateError(CertificateProblem.SEVERAL_KEYS)
    return certificates[0]


def merge(old: bytes, new: bytes) -> Certificate:
    """Join two binary copies of one certificate, in the worker process.

    Where both together exceed the limits, what is superseded is left out, in favour of `new`.  Raises ValueError when they
    do not have the same primary key, and CertificateError as `inspect` does.
    """
    merged = _ask("merge", [old, new])
    if not merged:
        raise ValueError("The two certificates do not have the same primary key.")
    return merged[0]


@dataclass(frozen=True, slots=True)
class Revocation:
    """A revocation of a whole certificate, without that certificate.

    `issuers` are the fingerprint and the key ID of the key that it names as its maker, in upper-case hexadecimal, as far
    as it names them; nothing is proved by them.  `data` is the binary signature packet.
    """

    issuers: frozenset[str]
    data: bytes


def read_revocation(data: bytes) -> Revocation:
    """Read the one revocation in `data` (binary or armored), which came without its certificate.

    Runs in the worker process.  Raises CertificateError NO_KEY when there is something else.
    """
    answer, found = request("revocation", [data])
    return Revocation(frozenset(map(str, answer["issuers"])), found[0])


def revoke(certificate: bytes, revocation: Revocation) -> Certificate | None:
    """Return the binary `certificate` with a revocation of it; None when that was not made by its primary key.

    Runs in the worker process.  Raises CertificateError as `inspect` does.
    """
    revoked = _ask("revoke", [certificate, revocation.data])
    return revoked[0] if revoked else None


def require_usable(certificate: Certificate, address: str | None = None) -> None:
    """Raise CertificateError unless `certificate` can be encrypted to now and, if given, belongs to `address`."""
    if certificate.usability.problem is not None:
        raise CertificateError(certificate.usability.problem)
    if address is not None and address.lower() not in certificate.addresses:
        raise CertificateError(CertificateProblem.WRONG_ADDRESS)


def ends(data: bytes) -> datetime | None:
    """Return from when on nobody can encrypt to a stored certificate because its time is over, or since when (naive UTC).

    None when that never comes, or the certificate is of no use for another reason.  In this process; never raises.
    """
    try:
        return usability_ends(Cert.from_bytes(data), sort(data), datetime.now(UTC).replace(tzinfo=None))
    except (PacketError, RuntimeError, OSError, ValueError):
        return None


def _ask(operation: str, blobs: list[bytes]) -> list[Certificate]:
    answer, data = request(operation, blobs)
    try:
        return [
            Certificate.from_json(values, *blobs)
            for values, *blobs in zip(answer["certificates"], data[::2], data[1::2], strict=True)
        ]
    except (KeyError, TypeError, ValueError):
        raise CertificateError(CertificateProblem.BROKEN) from None


def request(
    operation: str, blobs: list[bytes], *, most: int = MAX_INPUT_BYTES, seconds: float = _SECONDS, memory: int = 0
) -> tuple[dict[str, Any], list[bytes]]:
    """Ask the worker process about certificates, of `most` octets; raises CertificateError as it answers.

    It may use `memory` octets beside what their size is worth.  TOO_LARGE or BROKEN when it does not answer.
    """
    size = sum(map(len, blobs))
    if size > most:
        raise CertificateError(CertificateProblem.TOO_LARGE)
    bounds = workshop.Bounds(seconds=seconds, memory_bytes=64 * 1024 * 1024 + 16 * size + memory, answer_bytes=4 * most)
    try:
        answer, data = workshop.request(operation, {}, blobs, bounds=bounds)
        problem = CertificateProblem(answer["problem"]) if "problem" in answer else None
    except (workshop.WorkerMemoryError, workshop.WorkerTimeoutError):
        raise CertificateError(CertificateProblem.TOO_LARGE) from None
    except (workshop.WorkerDiedError, ValueError):
        raise CertificateError(CertificateProblem.BROKEN) from None
    if problem is not None:
        raise CertificateError(problem)
    return answer, data
