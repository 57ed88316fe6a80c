"""A certificate that an owner has as a file."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from public import public

from mailman_pgp.administration.answering import Mistaken, Refused
from mailman_pgp.administration.output import plain
from mailman_pgp.exchange.uploads import certificate_in
from mailman_pgp.openpgp import Certificate, CertificateError, CertificateProblem

# More than any certificate; how much a certificate may really have is the boundary's to say.
_READ_AT_MOST = 8 * 2**20


@public
@dataclass(frozen=True, slots=True)
class Upload:
    """A certificate from a file called `name`, as the file has it: nothing is said of whether it can be used."""

    name: str
    certificate: Certificate

    def nothing_added(self, sentence: str) -> str:
        """What to say when it was refused for the reason in a sentence."""
        return _nothing_added(self.name, sentence)


@public
def upload_from(file: str, address: str) -> Upload:
    """The one certificate in a file; where there is nothing but a revocation, the known certificate that it revokes.

    :param file: The path of a file, or `-` for standard input; binary or armored.
    :param address: For whom it is meant.
    :raises Refused: when there is no such certificate in it.
    :raises Mistaken: when the file can't be read.
    """
    data = _read(file)
    name = "standard input" if file == "-" else plain(file)
    try:
        return Upload(name, certificate_in(data))
    except CertificateError as error:
        sentence = str(error)
        if error.problem is CertificateProblem.SECRET_KEY:
            # The boundary speaks to somebody who sent it by mail.  This one did not leave the machine.
            sentence = (
                "This is a secret key, which only its owner should have. Nothing of it was kept. "
                f"Export the public part (gpg --armor --export {address}) and add that."
            )
        raise Refused(error.problem, _nothing_added(name, sentence)) from error


def _read(file: str) -> bytes:
    if file == "-":
        stream = sys.stdin.buffer
        if stream.isatty():
            raise Mistaken("file", "Name the file that holds the certificate, or pipe it in.")
        return stream.read(_READ_AT_MOST)
    try:
        with Path(file).open("rb") as opened:
            return opened.read(_READ_AT_MOST)
    except OSError as error:
        raise Mistaken(
            "file",
            f"{plain(file)} can't be read ({error.strerror}). Name a file that the user who runs Mailman can read, or pipe the "
            "certificate in.",
        ) from None


def _nothing_added(name: str, sentence: str) -> str:
    return f"Nothing was added from {name}. {sentence}"
