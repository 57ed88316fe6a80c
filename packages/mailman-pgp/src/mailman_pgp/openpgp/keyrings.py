"""A keyring: the certificates of many people at once, read by the worker process, and joined with those that are known."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from mailman_pgp.openpgp.certificates import Certificate, request
from mailman_pgp.openpgp.errors import CertificateError, CertificateProblem

#: The largest keyring that is read, in any form.
MAX_KEYRING_BYTES = 8 * 1024 * 1024
#: Five hundred usual certificates take three, and ten where they are joined with known ones.
_SECONDS = 60.0
_TOO_MANY = "This keyring holds more than 500 public keys. Bring them in several parts."
_TOO_LARGE = (
    "This keyring is too large, or takes too long to read. Export it without the signatures of other people "
    "(gpg --armor --export-options export-minimal --export), or bring it in several parts."
)


@dataclass(frozen=True, slots=True)
class InKeyring:
    """One certificate of a keyring, or what keeps it from being read.

    `fingerprint` is in upper-case hexadecimal, empty where not even that can be read.
    """

    fingerprint: str
    certificate: Certificate | None
    problem: CertificateProblem | None


def read_keyring(data: bytes) -> list[InKeyring]:
    """Read every certificate in `data`, each by itself: binary, or armored with any text around and between the blocks.

    Several copies of one are joined.  Raises CertificateError SECRET_KEY when there is any secret key anywhere, NO_KEY when there
    is no key, SEVERAL_KEYS when there are more than 500, TOO_LARGE, and BROKEN when the armor is damaged.
    """
    return _ask("keyring", [data])


def merge_each(old: Sequence[bytes], new: Sequence[bytes]) -> list[InKeyring]:
    """Join binary copies of many certificates with those that were known, one by one; as `mailman_pgp.openpgp.merge`.

    Raises CertificateError TOO_LARGE when they are too much together.
    """
    found: list[InKeyring] = []
    part: list[bytes] = []
    for pair in zip(old, new, strict=True):
        if part and sum(map(len, (*part, *pair))) > MAX_KEYRING_BYTES:  # as many go at once as there is room for
            found += _ask("merge-each", part)
            part = []
        part += pair
    return found + _ask("merge-each", part) if part else found


def _ask(operation: str, blobs: list[bytes]) -> list[InKeyring]:
    try:
        answer, data = request(operation, blobs, most=MAX_KEYRING_BYTES, seconds=_SECONDS)
    except CertificateError as error:
        sentence = {CertificateProblem.SEVERAL_KEYS: _TOO_MANY, CertificateProblem.TOO_LARGE: _TOO_LARGE}
        if error.problem in sentence:
            raise CertificateError(error.problem, sentence[error.problem]) from None
        raise
    blob = iter(data)
    try:
        return [_one(values, blob) for values in answer["gathered"]]
    except (KeyError, TypeError, ValueError, StopIteration):
        raise CertificateError(CertificateProblem.BROKEN) from None


def _one(values: dict[str, Any], blobs: Iterator[bytes]) -> InKeyring:
    certificate = values["certificate"] and Certificate.from_json(values["certificate"], next(blobs))
    problem = values["problem"] and CertificateProblem(values["problem"])
    return InKeyring(str(values["fingerprint"]), certificate or None, problem or None)
