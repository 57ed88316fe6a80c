"""The one certificate in what somebody uploads; or all of a keyring."""

from __future__ import annotations

import base64
import binascii

from public import public

from mailman_pgp import openpgp
from mailman_pgp.keys import upkeep
from mailman_pgp.openpgp import Certificate, CertificateError, CertificateProblem


@public
def certificate_in(data: bytes) -> Certificate:
    """The one certificate in an upload; where there is nothing but a revocation, the known certificate that it revokes.

    Nothing is said of whether it can be used.

    :param data: Binary or armored.
    :raises mailman_pgp.openpgp.CertificateError: when there is no such certificate in it.
    """
    try:
        return openpgp.read_certificate(data)
    except CertificateError as error:
        if error.problem is not CertificateProblem.ONLY_REVOCATION:
            raise
        revocation = openpgp.read_revocation(data)
        for known in upkeep.known_by(revocation.issuers):
            revoked = openpgp.revoke(known, revocation)
            if revoked is not None:
                return revoked
        raise


_IN_ARMOR = "-----BEGIN PGP "


@public
def keyring_bytes(text: str) -> bytes:
    """What was uploaded as a text that may be a keyring: armored blocks, or the bytes of a binary one in base64."""
    if _IN_ARMOR not in text:
        try:
            return base64.b64decode("".join(text.split()), validate=True)
        except (ValueError, binascii.Error):
            pass  # it is something else, of which the reader says what it lacks
    return text.encode()
