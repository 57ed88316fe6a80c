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
    from mailman_pgp.openpgp import Revocation


@public
@dataclass(frozen=True, slots=True, repr=False)
class Brought:
    """What came with a letter.

    :ivar certificate: The one certificate of a person; of several copies what they say together.
    :ivar revoked: Known certificates that are revoked by what came.
    :ivar revocation: Whether a revocation came without its certificate, be it of a known one or not.
    :ivar of_the_list: Copies of the list's own certificate (armored or binary), which may hold new certifications.
    """

    certificate: Certificate | None = None
    revoked: tuple[Certificate, ...] = ()
    revocation: bool = False
    of_the_list: tuple[bytes, ...] = ()


@public
def brought_by(mlist: Any, offered: Offered) -> Brought:
    """Look at what a letter offers.

    Where anything is attached, the header that mail programs write by themselves is not looked at: a carrier can write it.

    :raises CertificateError: for secret keys, several certificates, and what is none; the text says what to do.
    """
    own = vault.fingerprints(mlist.list_id)
    certificates: dict[str, Certificate] = {}
    revocations: list[Revocation] = []
    of_the_list: list[bytes] = []
    for block in offered.blocks:
        for found in _read(block, revocations):
            if found.fingerprint in own:
                of_the_list.append(block)
            else:
                known = certificates.get(found.fingerprint)
                certificates[found.fingerprint] = found if known is None else openpgp.merge(known.data, found.data)
    if len(certificates) > 1:
        raise CertificateError(CertificateProblem.SEVERAL_KEYS)
    certificate = next(iter(certificates.values()), None)
    if not offered.blocks and offered.autocrypt is not None:
        certificate = openpgp.read_certificate(offered.autocrypt)
    revoked = [found for revocation in revocations for found in revoked_by(revocation)]
    return Brought(certificate, tuple(revoked), bool(revocations), tuple(of_the_list))


def _read(block: bytes, revocations: list[Revocation]) -> list[Certificate]:
    try:
        return openpgp.read_certificates(block)
    except CertificateError as error:
        if error.problem is not CertificateProblem.ONLY_REVOCATION:
            raise
    revocations.append(openpgp.read_revocation(block))
    return []


@public
def revoked_by(revocation: Revocation) -> list[Certificate]:
    """The known certificates that a revocation revokes, each with it; it is verified."""
    candidates = (openpgp.revoke(known, revocation) for known in upkeep.known_by(revocation.issuers))
    return [found for found in candidates if found is not None]


@public
def same(one: str, other: str) -> bool:
    """Whether two fingerprints are the same; in constant time."""
    return hmac.compare_digest(one.encode(), other.encode())
