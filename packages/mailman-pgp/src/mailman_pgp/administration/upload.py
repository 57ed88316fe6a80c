"""A certificate, or many, that an owner has as a file."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from public import public

from mailman_pgp.administration.answering import Mistaken, Refused
from mailman_pgp.exchange.uploads import certificate_in
from mailman_pgp.openpgp import Certificate, CertificateError, CertificateProblem
from mailman_plugin_kit.texts import plain

# More than any certificate; how much a certificate may really have is the boundary's to say.
_READ_AT_MOST = 8 * 2**20 + 1


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
    data, name = read_file(file), named_file(file)
    try:
        return Upload(name, certificate_in(data))
    except CertificateError as error:
        raise Refused(error.problem, _nothing_added(name, in_words(error, address))) from error


@public
def in_words(error: CertificateError, address: str) -> str:
    """Why a file is refused, to somebody who has it on this machine, and is to export what belongs to `address`."""
    if error.problem is CertificateProblem.SECRET_KEY:
        # The boundary speaks to somebody who sent it by mail.  This one did not leave the machine.
        return (
            "This is a secret key, which only its owner should have. Nothing of it was kept. "
            f"Export the public part (gpg --armor --export {address}) and add that."
        )
    if error.problem is CertificateProblem.NO_KEY:
        return f"There is no OpenPGP public key in this. Export one (gpg --armor --export {address}), and bring that."
    return str(error)


@public
def named_file(file: str) -> str:
    """How a file is called; `-` is standard input."""
    return "standard input" if file == "-" else plain(file)


@public
def read_file(file: str, most: int = _READ_AT_MOST) -> bytes:
    """What is in a file, or comes by standard input for `-`.

    :param most: As many bytes are read; a little more than is taken.
    :raises Mistaken: when it can't be read.
    """
    if file == "-":
        stream = sys.stdin.buffer
        if stream.isatty():
            raise Mistaken("file", "Name the file, or pipe it in.")
        return stream.read(most)
    if not file:
        raise Mistaken("file", "The name of the file is empty. Name the file, or pipe it in.")
    try:
        with Path(file).open("rb") as opened:
            return opened.read(most)
    except OSError as error:
        raise Mistaken(
            "file",
            f"{plain(file)} can't be read ({error.strerror}). Name a file that the user who runs Mailman can read, or pipe it in.",
        ) from None


def _nothing_added(name: str, sentence: str) -> str:
    return f"Nothing was added from {name}. {sentence}"
