"""Sealing: what was sealed opens only unchanged, under its key and in its place."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailman_pgp.site.aead import AeadError, open_sealed, seal

KEY = bytes(range(32))


@given(plaintext=st.binary(max_size=300), aad=st.binary(max_size=40))
def test_round_trip(plaintext: bytes, aad: bytes) -> None:
    """Whatever was sealed is opened again."""
    assert open_sealed(KEY, seal(KEY, plaintext, aad), aad) == plaintext


def test_never_twice_the_same() -> None:
    """Sealing one text twice gives two blobs, which tell nothing about each other."""
    assert seal(KEY, b"text", b"") != seal(KEY, b"text", b"")


def test_every_changed_byte_is_noticed() -> None:
    """A blob with any one bit changed, or cut at any place, is refused."""
    blob = seal(KEY, b"canary", b"place")
    for index in range(len(blob)):
        changed = bytearray(blob)
        changed[index] ^= 1
        with pytest.raises(AeadError):
            open_sealed(KEY, bytes(changed), b"place")
        with pytest.raises(AeadError):
            open_sealed(KEY, blob[:index], b"place")


def test_bound_to_key_and_place() -> None:
    """Another key, or another place, opens nothing."""
    blob = seal(KEY, b"canary", b"place")
    with pytest.raises(AeadError):
        open_sealed(bytes(32), blob, b"place")
    with pytest.raises(AeadError):
        open_sealed(KEY, blob, b"elsewhere")
