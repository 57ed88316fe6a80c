"""Verdicts on signatures: whether one is good and, if not, why."""

import enum
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

#: The largest signature that is handed on: post-quantum ones have up to 50 kB.
MAX_PACKET_BYTES = 64 * 1024


class Status(enum.StrEnum):
    """What became of a signature.  Only `GOOD` is good without a second thought."""

    GOOD = "good"
    #: Made while the key was valid; it has expired, or was retired without being compromised, since.
    GOOD_KEY_EXPIRED_SINCE = "good-key-expired-since"
    GOOD_KEY_REVOKED_SINCE = "good-key-revoked-since"
    #: The key had expired when the signature was made.
    KEY_EXPIRED = "key-expired"
    #: The key was revoked before the signature was made, or because it was compromised.
    KEY_REVOKED = "key-revoked"
    SIGNATURE_EXPIRED = "signature-expired"
    FROM_THE_FUTURE = "from-the-future"
    #: Made with MD5, SHA-1 or RIPEMD-160: it proves nothing, so it is not even checked.
    WEAK_HASH = "weak-hash"
    REFUSED_BY_POLICY = "refused-by-policy"
    KEY_MAY_NOT_SIGN = "key-may-not-sign"
    #: The content or the signature was changed, or the signature is not one over a document.
    BAD = "bad"
    #: None of the certificates at hand made it.
    UNKNOWN_KEY = "unknown-key"
    #: There is no signature.
    NONE = "none"


@dataclass(frozen=True, slots=True)
class SignatureVerdict:
    """The verdict on one signature packet.

    `fingerprint` is that of the primary key of the certificate which made it, or is claimed to have made it when the
    status is not good; None when no certificate at hand fits.  `issuer` is the fingerprint, or else the key ID, that the
    signature names (the key that made it, when it is good).  `content_digest` is the SHA-256, in lower-case hexadecimal,
    of the content as the signature hashes it: text-mode signatures see every line end as CRLF (RFC 9580 §5.2.1.2), so
    one signature has one digest however the line ends of its content were changed.  `intended` are the fingerprints of the
    keys that the signature says it was made for; most programs say nothing of it.  Times are naive UTC.  `packet` is the body
    of the signature packet (RFC 9580 §5.2), of a good one only; empty also when it is larger than MAX_PACKET_BYTES.
    """

    status: Status
    fingerprint: str | None
    issuer: str | None
    signed_at: datetime | None
    text_mode: bool
    content_digest: str
    intended: tuple[str, ...] = ()
    packet: bytes = field(default=b"", repr=False, compare=False)

    @property
    def good(self) -> bool:
        """Whether the signature is good, now and then."""
        return self.status is Status.GOOD

    @property
    def sound(self) -> bool:
        """Whether it was good when it was made, whatever has become of its key since."""
        return self.status in {Status.GOOD, Status.GOOD_KEY_EXPIRED_SINCE, Status.GOOD_KEY_REVOKED_SINCE}

    def to_record(self) -> dict[str, Any]:
        """Return the plain values that may be kept: without the digest, which would confirm a guess of the content."""
        return {
            "status": self.status.value,
            "fingerprint": self.fingerprint,
            "issuer": self.issuer,
            "signed_at": self.signed_at and self.signed_at.isoformat(),
            "text_mode": self.text_mode,
        }

    def to_json(self) -> dict[str, Any]:
        """Return all values but the packet as plain ones, for another process, not for a disk."""
        return {**self.to_record(), "content_digest": self.content_digest, "intended": self.intended}

    @classmethod
    def from_json(cls, values: dict[str, Any], packet: bytes = b"") -> "SignatureVerdict":
        """Rebuild from `to_json()` and the packet; raises ValueError, TypeError or KeyError for anything else."""
        fingerprint, issuer, signed_at = values["fingerprint"], values["issuer"], values["signed_at"]
        return cls(
            status=Status(values["status"]),
            fingerprint=None if fingerprint is None else str(fingerprint),
            issuer=None if issuer is None else str(issuer),
            signed_at=None if signed_at is None else datetime.fromisoformat(signed_at),
            text_mode=bool(values["text_mode"]),
            content_digest=str(values["content_digest"]),
            intended=tuple(map(str, values["intended"])),
            packet=packet,
        )
