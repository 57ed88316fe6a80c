"""What RFC 9980 prints of ML-KEM-768 + X25519 is found here as it stands there: each half of the key, the session key, the content."""

from __future__ import annotations

import pysequoia
import pytest
import rfc9980
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey

from mailman_pgp import openpgp
from mailman_pgp.openpgp import Profile, Status, hybrid
from mailman_pgp.openpgp.hybrid import HybridKey
from mailman_pgp.openpgp.packets import Tag, walk
from mailman_pgp.openpgp.signingkeys import fingerprint

SECRET = openpgp.dearmor(rfc9980.SECRET_KEY)
CERTIFICATE = bytes(pysequoia.Tsk.from_bytes(SECRET).extract_certificate())
MESSAGES = {
    "SEIPD 1": (rfc9980.MESSAGE_V1, rfc9980.MLKEM_KEY_SHARE_V1, rfc9980.ECDH_KEY_SHARE_V1, rfc9980.SESSION_KEY_V1),
    "SEIPD 2": (rfc9980.MESSAGE_V2, rfc9980.MLKEM_KEY_SHARE_V2, rfc9980.ECDH_KEY_SHARE_V2, rfc9980.SESSION_KEY_V2),
}


def subkey() -> bytes:
    """The body of the secret subkey."""
    return next(one.body for one in walk(SECRET) if one.tag == Tag.SECRET_SUBKEY)


def pkesk(message: bytes) -> bytes:
    """The body of the encrypted session key."""
    return next(walk(openpgp.dearmor(message))).body


def test_the_key() -> None:
    """The secret packet is read as far as it goes, and is that of the public one: its seed makes what stands there (A.2.1)."""
    key = HybridKey.of(subkey())
    public = next(one.body for one in walk(CERTIFICATE) if one.tag == Tag.PUBLIC_SUBKEY)
    assert fingerprint(public).hex() == rfc9980.SUBKEY_FINGERPRINT
    made = key.curve.public_key().public_bytes_raw() + key.lattice.public_key().public_bytes_raw()
    assert public[6:] == made
    assert hybrid.is_hybrid(public)
    assert openpgp.profile_of(CERTIFICATE) is Profile.POST_QUANTUM


@pytest.mark.parametrize("form", MESSAGES)
def test_both_halves_and_the_session_key(form: str) -> None:
    """As the RFC prints them (A.2.3, A.2.4); the cipher is named by the older form alone."""
    message, mlkem, ecdh, session_key = MESSAGES[form]
    key, body = HybridKey.of(subkey()), pkesk(message)
    at = 10 if body[0] == 3 else 3 + body[1]  # behind the algorithm
    share, ciphertext = body[at : at + 32], body[at + 32 : at + 32 + 1088]
    assert key.lattice.decapsulate(ciphertext).hex() == mlkem
    assert key.curve.exchange(X25519PublicKey.from_public_bytes(share)).hex() == ecdh
    found = key.session_key(body)
    assert found is not None
    assert (found.key.hex(), found.cipher) == (session_key, "aes256" if body[0] == 3 else None)


@pytest.mark.parametrize("form", MESSAGES)
def test_the_content(form: str) -> None:
    """It is opened, and the signature in it is good (A.2.3, A.2.4)."""
    opened = openpgp.open_message(MESSAGES[form][0], [SECRET], [CERTIFICATE])
    assert opened.content == rfc9980.CONTENT
    assert [one.status for one in opened.signatures] == [Status.GOOD]
