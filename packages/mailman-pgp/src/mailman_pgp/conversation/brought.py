"""The keys that came with a letter."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from public import public

from mailman_pgp import openpgp
from mailman_pgp.keys import upkeep, vault
from mailman_pgp.openpgp import Certificate, CertificateError, CertificateProblem

if TYPE_CHECKING:
    from mailman_pgp.mime import Offered


@public
@dataclass(frozen=True, slots=True, repr=False)
class Brought:
    """What came with a letter.

    :ivar certificate: The one certificate of a person; of several copies what they say together.
    :ivar revoked: Known certificates that are revoked by what came.
    :ivar of_the_list: Copies of the list's own certificate (armored or binary), which may hold new certifications.
    """

    certificate: Certificate | None = None
    revoked: tuple[Certificate, ...] = ()
    of_the_list: tuple[bytes, ...] = ()


@public
def brought_by(mlist: Any, offered: Offered) -> Brought:
    """Look at what a letter offers; what is attached goes before the header that mail programs write by themselves.

    :raises CertificateError: for secret keys, several certificates, and what is none; the text says what to do.
    """
    own = vault.fingerprints(mlist.list_id)
    certificates: dict[str, Certificate] = {}
    revoked: list[Certificate] = []
    of_the_list: list[bytes] = []
    for block in offered.blocks:
        for found in _read(block, revoked):
            if found.fingerprint in own:
                of_the_list.append(block)
            else:
                known = certificates.get(found.fingerprint)
                certificates[found.fingerprint] = found if known is None else openpgp.merge(known.data, found.data)
    if len(certificates) > 1:
        raise CertificateError(CertificateProblem.SEVERAL_KEYS)
    certificate = next(iter(certificates.values()), None)
    if certificate is None and not revoked and not of_the_list and offered.autocrypt is not None:
        certificate = openpgp.read_certificate(offered.autocrypt)
    return Brought(certificate, tuple(revoked), tuple(of_the_list))


def _read(block: bytes, revoked: list[Certificate]) -> list[Certificate]:
    try:
        return openpgp.read_certificates(block)
    except CertificateError as error:
        if error.problem is not CertificateProblem.ONLY_REVOCATION:
            raise
    revocation = openpgp.read_revocation(block)
    candidates = (openpgp.revoke(known, revocation) for known in upkeep.known_by(revocation.issuers))
    revoked.extend(found for found in candidates if found is not None)
    return []


@public
def same(one: str, other: str) -> bool:
    """Whether two fingerprints are the same; in constant time."""
    return hmac.compare_digest(one.encode(), other.encode())
