"""Certifications of a list's certificate by others: that it belongs to the list (RFC 9580 §5.2.1.3 to §5.2.1.6).

What the list hands out is read by every member's program, so nothing gets into it but signatures that verify, without
anything in them that says more.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mailman_pgp.i18n import N_
from mailman_pgp.openpgp.certificates import request
from mailman_pgp.openpgp.errors import CertificateError, CertificateProblem
from mailman_pgp.openpgp.packets import Tag, walk

# About somebody's own certificate these would be told otherwise: to leave out the signatures of others, for one.
_SENTENCES = {
    CertificateProblem.TOO_LARGE: N_(
        "This is too large for a copy of the list's certificate. Take the list's certificate anew from the list, certify that "
        "(gpg --sign-key FINGERPRINT), export it (gpg --armor --export FINGERPRINT), and send it as a file."
    ),
    CertificateProblem.BROKEN: N_(
        "This copy of the list's certificate is damaged or incomplete. Take the list's certificate anew from the list, certify "
        "that (gpg --sign-key FINGERPRINT), export it (gpg --armor --export FINGERPRINT), and send it as a file."
    ),
    CertificateProblem.REVOKED: N_("Your key has been revoked. Certify the list's certificate with your new key."),
    CertificateProblem.POLICY: N_(
        "Your key relies on algorithms that are no longer safe, such as SHA-1. Certify the list's certificate with a new key."
    ),
}


@dataclass(frozen=True, slots=True)
class Certification:
    """That somebody certified a user ID of a list's certificate, or (`revokes`) took that back.

    `user_id` is its whole text, `signer` the fingerprint of the primary key that made it (upper-case hexadecimal), `made` naive
    UTC.  `data` is the binary signature packet as it may be handed out; empty for a revocation with words in it, which counts
    all the same.
    """

    data: bytes
    user_id: str
    signer: str
    made: datetime
    revokes: bool

    def to_json(self) -> dict[str, Any]:
        """Return everything but `data` as plain values."""
        return {
            "user_id": self.user_id,
            "signer": self.signer,
            "made": self.made.isoformat(),
            "revokes": self.revokes,
        }

    @classmethod
    def from_json(cls, values: dict[str, Any], data: bytes) -> "Certification":
        """Rebuild from `to_json()` and `data`; raises ValueError, TypeError or KeyError for anything else."""
        return cls(
            data=data,
            user_id=str(values["user_id"]),
            signer=str(values["signer"]),
            made=datetime.fromisoformat(values["made"]),
            revokes=bool(values["revokes"]),
        )


def certifications(own: bytes, offered: bytes, signer: bytes) -> tuple[Certification, ...]:
    """Return how the owner of a certificate certified a list's certificate: the newest word on each of its user IDs.

    `own` is the list's certificate and `signer` the other one, both binary and from our store; `offered` is a copy of the
    list's certificate, binary or armored, as a program exported it after `gpg --sign-key`.  Of that nothing counts but the
    signatures by the primary key of `signer`, of which each is verified over `own`.

    Runs in the worker process.  Raises CertificateError: NOT_CERTIFIED, NOT_EXPORTABLE, EXTRAS, OUT_OF_TIME, WEAK_HASH or
    UNSUPPORTED where there is none that can be taken, SECRET_KEY, TOO_LARGE or BROKEN of `offered`, and REVOKED, POLICY or
    UNSUPPORTED of `signer`.
    """
    try:
        answer, data = request("certifications", [own, offered, signer])
        return tuple(
            Certification.from_json(values, blob) for values, blob in zip(answer["certifications"], data, strict=True)
        )
    except CertificateError as error:
        raise CertificateError(error.problem, _SENTENCES.get(error.problem)) from None
    except (KeyError, TypeError, ValueError):
        raise CertificateError(CertificateProblem.BROKEN, _SENTENCES[CertificateProblem.BROKEN]) from None


def with_certifications(own: bytes, found: Iterable[Certification]) -> bytes:
    """Return a list's binary certificate `own` with these certifications, each behind its user ID, the oldest first.

    What belongs to a user ID that is not there is left out; all else stays as it is, octet by octet.
    """
    behind: dict[bytes, list[bytes]] = {}
    for one in sorted(found, key=lambda one: (one.made, one.data)):
        behind.setdefault(one.user_id.encode(), []).append(one.data)
    pieces: list[bytes] = []
    user_id: bytes | None = None
    for packet in walk(own):
        if packet.tag != Tag.SIGNATURE:
            if user_id is not None:
                pieces += behind.pop(user_id, [])
            user_id = packet.body if packet.tag == Tag.USER_ID else None
        pieces.append(own[packet.start : packet.end])
    if user_id is not None:
        pieces += behind.pop(user_id, [])
    return b"".join(pieces)
