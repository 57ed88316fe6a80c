"""What goes between us and a worker."""

from __future__ import annotations

import pytest

from mailman_pgp.openpgp import frames


def test_frames_come_back_as_they_went() -> None:
    """Header and blobs, also empty ones."""
    data = b"".join(frames.encode({"a": [1, None, "é"]}, [b"", b"x" * 1000]))
    position = 0

    def read(count: int) -> bytes:
        nonlocal position
        position += count
        return data[position - count : position]

    assert frames.decode(read, max_blob_bytes=1000) == ({"a": [1, None, "é"]}, [b"", b"x" * 1000])
    position = 0
    with pytest.raises(frames.FrameError):
        frames.decode(read, max_blob_bytes=999)
