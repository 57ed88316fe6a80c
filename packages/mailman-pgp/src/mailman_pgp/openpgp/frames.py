"""What parent and worker say to each other: a JSON header and raw blobs, each with its length in front.

Never pickle: whoever takes over a worker can lie about a message, but cannot make the parent run code.  A frame is four
octets (the length of the header, big endian), the header (a JSON object whose "blobs" lists the lengths of the blobs in
octets), and the blobs.
"""

import json
from collections.abc import Callable, Sequence
from typing import Any

#: A header carries names, verdicts and user IDs, never content.
MAX_HEADER_BYTES = 4 * 1024 * 1024
_LENGTH_OCTETS = 4


class FrameError(Exception):
    """What arrived is not a frame, or a larger one than allowed."""


def encode(header: dict[str, Any], blobs: Sequence[bytes] = ()) -> list[bytes]:
    """Return the pieces of one frame, to be written one after the other."""
    text = json.dumps({**header, "blobs": [len(blob) for blob in blobs]}).encode("ascii")
    return [len(text).to_bytes(_LENGTH_OCTETS, "big") + text, *blobs]


def decode(read: Callable[[int], bytes], *, max_blob_bytes: int) -> tuple[dict[str, Any], list[bytes]]:
    """Read one frame; `read(n)` returns exactly n octets.

    Raises FrameError when it is malformed or its blobs together exceed `max_blob_bytes`, and whatever `read` raises.
    """
    length = int.from_bytes(read(_LENGTH_OCTETS), "big")
    if length > MAX_HEADER_BYTES:
        raise FrameError("The header of a frame is too long.")
    try:
        header = json.loads(read(length))
    except (ValueError, RecursionError):
        raise FrameError("The header of a frame is not JSON.") from None
    if not isinstance(header, dict):
        raise FrameError("The header of a frame is not an object.")
    lengths = header.pop("blobs", None)
    if not isinstance(lengths, list) or not all(type(item) is int and item >= 0 for item in lengths):
        raise FrameError("The header of a frame does not say how long its blobs are.")
    if sum(lengths) > max_blob_bytes:
        raise FrameError("The blobs of a frame are too long.")
    return header, [read(item) for item in lengths]
