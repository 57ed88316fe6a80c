"""The keyrings that an owner has as files: one, or all in a directory."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import TYPE_CHECKING

from public import public

from mailman_pgp import openpgp
from mailman_pgp.administration.answering import Mistaken
from mailman_pgp.administration.upload import named_file, read_file
from mailman_pgp.openpgp import LARGE, CertificateError, CertificateProblem, InKeyring, Keys
from mailman_plugin_kit.texts import plain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_NONE = Keys((), 0)


@public
class KeyringError(Exception):
    """A whole keyring is refused.

    :ivar name: That of the file that is to blame.
    """

    def __init__(self, name: str, error: CertificateError) -> None:
        super().__init__(str(error))
        self.name = name
        self.error = error


@public
def read_keyrings(path: str, tell: Callable[[int, int], None]) -> list[InKeyring]:
    """Every certificate in a file, or in all files of a directory (not of those below it), each by itself.

    :param path: The path of either, or `-` for standard input.
    :param tell: Is given how many were read, and how many there are, time and again.
    :raises KeyringError: when all is refused: a secret key anywhere, too much, or nothing that could be read.
    :raises Mistaken: when something can't be read.
    """
    found: list[InKeyring] = []
    divided: list[tuple[str, Keys]] = []
    for source, data in _contents(path):
        name = source or named_file(path)
        try:
            divided.append((source, openpgp.divide(data, LARGE)))
        except CertificateError as error:
            # One file of several that is none of ours, or is damaged, takes nothing from the others.
            if not source or error.problem not in {CertificateProblem.NO_KEY, CertificateProblem.BROKEN}:
                raise KeyringError(name, error) from error
            found.append(InKeyring("", None, error.problem, source))
            continue
        try:
            openpgp.require_few(sum(len(keys.keys) + keys.damaged for _, keys in divided), LARGE)
        except CertificateError as error:
            raise KeyringError(named_file(path), error) from error
    if not divided:
        raise KeyringError(named_file(path), CertificateError(CertificateProblem.NO_KEY))
    return [*_read(divided, tell), *found]


def _read(divided: list[tuple[str, Keys]], tell: Callable[[int, int], None]) -> list[InKeyring]:
    """All of them; a certificate that is in several files counts once, as all of its copies together."""
    whole = sum(len(keys.keys) for _, keys in divided)
    done = 0

    def more(number: int) -> None:
        nonlocal done
        done += number
        tell(done, whole)

    by_fingerprint: dict[str, InKeyring] = {}
    nameless: list[InKeyring] = []
    for source, keys in divided:
        for one in openpgp.read_each(keys, source, more):
            before = by_fingerprint.get(one.fingerprint)
            if not one.fingerprint:
                nameless.append(one)
            elif before is None or before.certificate is None:
                by_fingerprint[one.fingerprint] = one
            elif one.certificate is not None and one.certificate.data != before.certificate.data:
                by_fingerprint[one.fingerprint] = _both(before, one)
    return [*by_fingerprint.values(), *nameless]


def _both(before: InKeyring, after: InKeyring) -> InKeyring:
    assert before.certificate is not None  # as neither is refused
    assert after.certificate is not None
    (both,) = openpgp.merge_each([before.certificate.data], [after.certificate.data])
    return InKeyring(before.fingerprint, both.certificate, both.problem, before.source)


def _contents(path: str) -> Iterator[tuple[str, bytes]]:
    """What is in the file, or in each of the directory with its name, together a little more than is taken at most."""
    room = LARGE.octets + 1
    # An empty name, of a variable that is not set, say, would be the directory where one is.
    if path in {"", "-"} or not Path(path).is_dir():
        yield "", read_file(path, room)
        return
    for file in _files(Path(path)):
        data = read_file(str(file), room)
        room -= len(data)
        if room <= 0:
            raise KeyringError(named_file(path), _too_large())
        yield plain(file.name), data


def _files(directory: Path) -> list[Path]:
    try:
        found = sorted(directory.iterdir())
        return [path for path in found if not path.name.startswith(".") and stat.S_ISREG(path.stat().st_mode)]
    except OSError as error:
        raise Mistaken(
            "file",
            f"{plain(str(error.filename or directory))} can't be read ({error.strerror}). Mend or remove it, or name "
            "another directory that the user who runs Mailman can read.",
        ) from None


def _too_large() -> CertificateError:
    most = LARGE.octets // 2**20
    return CertificateError(
        CertificateProblem.TOO_LARGE, f"These files have more than {most} MiB. Bring them in several parts."
    )
