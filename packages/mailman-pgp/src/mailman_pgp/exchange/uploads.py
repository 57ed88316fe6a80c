"""The one certificate in what somebody uploads."""

from __future__ import annotations

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
