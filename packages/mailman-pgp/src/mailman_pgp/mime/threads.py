"""The identifiers by which mail programs put messages together (RFC 5322 §3.6.4)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from email.message import Message

# Printable ASCII without blanks and angle brackets: nothing that a header, a log or a database could stumble over.
MESSAGE_ID = re.compile(r"<[!-;=?-~]{1,250}>")
_LOOKED_AT_CHARS = 900


def message_id(message: Message) -> str:
    """The Message-ID outside of a message, with angle brackets; empty unless it is one identifier and nothing else."""
    text = str(message.get("message-id") or "").strip()
    return text if MESSAGE_ID.fullmatch(text) else ""


def first_id(text: str) -> str:
    """The first identifier in the value of a field, with angle brackets; empty when there is none."""
    found = MESSAGE_ID.search(text[:_LOOKED_AT_CHARS])
    return found[0] if found else ""
