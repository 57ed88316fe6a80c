"""A keyring: the certificates of many people at once, read by the worker process, and joined with those that are known.

It is divided into its keys first, and these are read in parts of as many as one worker may read: so each part has limits of its
own, whatever the number of all, and one key that a worker dies of takes nothing from the others.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from mailman_pgp.openpgp.certificates import Certificate, request
from mailman_pgp.openpgp.errors import CertificateError, CertificateProblem

_MIB = 1024 * 1024
_PART_BYTES = 8 * _MIB
_PART_KEYS = 500
#: Five hundred usual certificates take three, and ten where they are joined with known ones.
_SECONDS = 60.0
_TOO_LARGE = (
    "This keyring is too large, or takes too long to read. Export it without the signatures of other people "
    "(gpg --armor --export-options export-minimal --export), or bring it in several parts."
)


@dataclass(frozen=True, slots=True)
class KeyringLimits:
    """How much a keyring may be: of `octets` in any form, with so many `keys`."""

    octets: int
    keys: int


#: What comes in one request of REST, and has to be answered in a moment.
SMALL = KeyringLimits(8 * _MIB, 500)
#: What somebody has as a file on the machine.  Without the signatures of others ten thousand certificates have ten to forty MiB.
LARGE = KeyringLimits(64 * _MIB, 20_000)


@dataclass(frozen=True, slots=True)
class InKeyring:
    """One certificate of a keyring, or what keeps it from being read.

    `fingerprint` is in upper-case hexadecimal, empty where not even that can be read.  `source` is where it is from, where there are
    several places.
    """

    fingerprint: str
    certificate: Certificate | None
    problem: CertificateProblem | None
    source: str = ""


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of a keyring, unread, all copies of one together; `damaged` is how many pieces are nothing that could be read."""

    keys: tuple[bytes, ...]
    damaged: int


def divide(data: bytes, limits: KeyringLimits = SMALL) -> Keys:
    """Take `data` apart: binary, or armored with any text around and between the blocks.

    Raises CertificateError SECRET_KEY when there is any secret key anywhere, NO_KEY when there is no key, SEVERAL_KEYS when there are too
    many, TOO_LARGE, and BROKEN when nothing of it can be read.
    """
    try:
        answer, keys = request("divide", [data], most=limits.octets, seconds=_SECONDS)
        damaged = int(answer["damaged"])
    except CertificateError as error:
        raise _told(error) from None
    except (KeyError, TypeError, ValueError):
        raise CertificateError(CertificateProblem.BROKEN) from None
    if not keys:
        raise CertificateError(CertificateProblem.BROKEN)
    require_few(len(keys) + damaged, limits)
    return Keys(tuple(keys), damaged)


def require_few(number: int, limits: KeyringLimits) -> None:
    """Raise CertificateError SEVERAL_KEYS when there are more keys than that."""
    if number > limits.keys:
        sentence = f"This keyring holds more than {limits.keys} public keys. Bring them in several parts."
        raise CertificateError(CertificateProblem.SEVERAL_KEYS, sentence)


def read_each(keyring: Keys, source: str = "", tell: Callable[[int], None] = lambda _: None) -> list[InKeyring]:
    """Read each key by itself; `tell` is given how many more were read, time and again."""
    found: list[InKeyring] = []
    for part in _parts([[key] for key in keyring.keys]):
        found += _read(list(part))
        tell(len(part))
    found += [InKeyring("", None, CertificateProblem.BROKEN)] * keyring.damaged
    return [replace(one, source=source) for one in found] if source else found


def read_keyring(data: bytes) -> list[InKeyring]:
    """Divide `data`, which is not large, and read each key in it by itself.  Raises CertificateError as `divide` does."""
    return read_each(divide(data))


def merge_each(old: Sequence[bytes], new: Sequence[bytes]) -> list[InKeyring]:
    """Join binary copies of many certificates with those that were known, one by one; as `mailman_pgp.openpgp.merge`.

    Raises CertificateError TOO_LARGE when they take too long.
    """
    pairs = [list(pair) for pair in zip(old, new, strict=True)]
    return [one for part in _parts(pairs) for one in _ask("merge-each", list(part))]


def _parts(groups: Sequence[list[bytes]]) -> Iterator[Sequence[bytes]]:
    """Blobs in parts that go at once; those of one group stay together."""
    part: list[bytes] = []
    octets = number = 0
    for group in groups:
        size = sum(map(len, group))
        if part and (octets + size > _PART_BYTES or number == _PART_KEYS):
            yield part
            part, octets, number = [], 0, 0
        part += group
        octets, number = octets + size, number + 1
    if part:
        yield part


def _read(keys: list[bytes]) -> list[InKeyring]:
    """Read some keys; where a worker dies of one of them, that is found by halves."""
    try:
        return _ask("keyring", keys)
    except CertificateError as error:
        if len(keys) == 1:
            return [InKeyring("", None, error.problem)]
        if error.problem is not CertificateProblem.BROKEN:
            raise
        half = len(keys) // 2
        return _read(keys[:half]) + _read(keys[half:])


def _ask(operation: str, blobs: list[bytes]) -> list[InKeyring]:
    try:
        answer, data = request(operation, blobs, most=_PART_BYTES, seconds=_SECONDS)
    except CertificateError as error:
        raise _told(error) from None
    blob = iter(data)
    try:
        return [_one(values, blob) for values in answer["gathered"]]
    except (KeyError, TypeError, ValueError, StopIteration):
        raise CertificateError(CertificateProblem.BROKEN) from None


def _told(error: CertificateError) -> CertificateError:
    return CertificateError(error.problem, _TOO_LARGE) if error.problem is CertificateProblem.TOO_LARGE else error


def _one(values: dict[str, Any], blobs: Iterator[bytes]) -> InKeyring:
    certificate = values["certificate"] and Certificate.from_json(values["certificate"], next(blobs), next(blobs))
    problem = values["problem"] and CertificateProblem(values["problem"])
    return InKeyring(str(values["fingerprint"]), certificate or None, problem or None)
