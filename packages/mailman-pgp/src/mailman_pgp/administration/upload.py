"""A certificate that an owner has as a file, judged before anything is done with it."""

from __future__ import annotations

import sys
from pathlib import Path

from public import public

from mailman_pgp import openpgp
from mailman_pgp.administration.answering import Mistaken, Refused
from mailman_pgp.administration.output import plain
from mailman_pgp.openpgp import Certificate, CertificateError, CertificateProblem

# More than any certificate; how much a certificate may really have is the boundary's to say.
_READ_AT_MOST = 8 * 2**20


@public
def certificate_from(file: str, address: str) -> Certificate:
    """The one certificate in a file, which can be used for an address now.

    :param file: The path of a file, or `-` for standard input; binary or armored.
    :raises Refused: when there is no such certificate in it.
    :raises Mistaken: when the file can't be read.
    """
    data = _read(file)
    name = "standard input" if file == "-" else plain(file)
    try:
        found = openpgp.read_certificate(data)
    except CertificateError as error:
        raise _refused(name, address, error) from error
    try:
        openpgp.require_usable(found, address)
    except CertificateError as error:
        raise _refused(name, address, error, found) from error
    return found


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


def _refused(name: str, address: str, error: CertificateError, found: Certificate | None = None) -> Refused:
    sentence = str(error)
    if error.problem is CertificateProblem.SECRET_KEY:
        # The boundary speaks to somebody who sent it by mail.  This one did not leave the machine.
        sentence = (
            "This is a secret key, which only its owner should have. Nothing of it was kept. "
            f"Export the public part (gpg --armor --export {address}) and add that."
        )
    elif error.problem is CertificateProblem.WRONG_ADDRESS and found is not None:
        carried = ", ".join(sorted(plain(other) for other in found.addresses)) or "no address at all"
        sentence = f"{sentence} It is meant for {address}, and carries {carried}."
    return Refused(error.problem, f"Nothing was added from {name}. {sentence}")
