"""The other side: what a member's own program does with the member's own key.

For the demonstration, the sandbox, tests and benchmarks.  Nothing on the way of a real post uses this module.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Self

import pysequoia
from pysequoia import CipherSuite, Profile, SignatureMode


class KeyKind(StrEnum):
    """Kinds of keys that members of a list may have."""

    CURVE25519 = "Curve25519 (RFC 4880)"
    RSA = "RSA 3072"
    NIST_P256 = "NIST P-256"
    NIST_P384 = "NIST P-384"
    NIST_P521 = "NIST P-521"
    V6 = "X25519, version 6 (RFC 9580)"
    V6_448 = "X448, version 6 (RFC 9580)"
    POST_QUANTUM = "ML-KEM-768 + X25519 (post-quantum)"
    POST_QUANTUM_448 = "ML-KEM-1024 + X448 (post-quantum)"


_SUITES = {
    KeyKind.CURVE25519: (CipherSuite.Cv25519, Profile.RFC4880),
    KeyKind.RSA: (CipherSuite.RSA3k, Profile.RFC4880),
    KeyKind.NIST_P256: (CipherSuite.P256, Profile.RFC4880),
    KeyKind.NIST_P384: (CipherSuite.P384, Profile.RFC4880),
    KeyKind.NIST_P521: (CipherSuite.P521, Profile.RFC4880),
    KeyKind.V6: (CipherSuite.Cv25519, Profile.RFC9580),
    KeyKind.V6_448: (CipherSuite.Cv448, Profile.RFC9580),
    KeyKind.POST_QUANTUM: (CipherSuite.MLDSA65_Ed25519, Profile.RFC9580),
    KeyKind.POST_QUANTUM_448: (CipherSuite.MLDSA87_Ed448, Profile.RFC9580),
}


@dataclass(frozen=True, slots=True)
class Read:
    """What a member's program shows: the content, and the fingerprint (upper-case hex) of who signed it, if that was good."""

    content: bytes
    signed_by: str | None


@dataclass(frozen=True, slots=True, repr=False)
class MemberKey:
    """A member's secret key, binary."""

    secret: bytes

    @classmethod
    def generate(cls, user_id: str, kind: KeyKind = KeyKind.CURVE25519) -> Self:
        """Make a key for `user_id`, such as ``Anne <anne@example.com>``."""
        suite, profile = _SUITES[kind]
        return cls(bytes(pysequoia.Tsk.generate(user_id, cipher_suite=suite, profile=profile)))

    @property
    def certificate(self) -> bytes:
        """The certificate, binary."""
        return bytes(self._tsk().extract_certificate())

    @property
    def fingerprint(self) -> str:
        """The fingerprint, upper-case hex."""
        return str(self._tsk().extract_certificate().fingerprint).upper()

    def write(self, content: bytes, *certificates: bytes, sign: bool = True) -> bytes:
        """Encrypt content to certificates, signed with this key unless told otherwise; an armored message, LF."""
        recipients = [pysequoia.Cert.from_bytes(certificate) for certificate in certificates]
        signer = self._tsk().signer() if sign else None
        return bytes(pysequoia.encrypt(bytes=content, recipients=recipients, signer=signer))

    def sign(self, content: bytes) -> bytes:
        """A detached signature over exactly these bytes, armored, LF."""
        return bytes(pysequoia.sign(self._tsk().signer(), content, mode=SignatureMode.DETACHED))

    def read(self, message: bytes, signer: bytes) -> Read:
        """Open a message, and judge its signature by the certificate of `signer`.

        :raises ValueError: when it can't be opened with this key.
        """
        certificate = pysequoia.Cert.from_bytes(signer)
        try:
            opened = pysequoia.decrypt(
                decryptor=self._tsk().decryptor(), bytes=message, store=lambda _ids: [certificate]
            )
        except (RuntimeError, OSError):
            raise ValueError("The message can't be opened with this key.") from None
        signers = [str(found.certificate).upper() for found in opened.valid_sigs]
        return Read(opened.bytes or b"", signers[0] if signers else None)

    def _tsk(self) -> pysequoia.Tsk:
        return pysequoia.Tsk.from_bytes(self.secret)
