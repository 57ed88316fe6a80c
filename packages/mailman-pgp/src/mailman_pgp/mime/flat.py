"""A received message as bytes, whatever a stranger has made of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mailman_pgp.mime import parsed
from mailman_pgp.mime.entity import MAX_DEPTH, MAX_PARTS
from mailman_pgp.mime.errors import PayloadError

if TYPE_CHECKING:
    from email.message import Message


def flat(message: Message) -> bytes:
    """The bytes of a parsed message.

    The standard library writes a message by recursion, several frames for each level, so depth and number of its parts are
    looked at first.  Raises PayloadError for what no list should carry on.
    """
    count = 0
    waiting = [(message, 0)]
    while waiting:
        part, depth = waiting.pop()
        count += 1
        if depth > MAX_DEPTH or count > MAX_PARTS:
            raise PayloadError("The message has too many parts, or parts nested too deeply. Send it as a usual mail.")
        waiting += ((child, depth + 1) for child in parsed.below(part))
    try:
        return message.as_bytes()
    except Exception:  # noqa: BLE001 - a stranger's message: the library raises what it likes
        raise PayloadError("The message cannot be read. Send it with another mail program.") from None
