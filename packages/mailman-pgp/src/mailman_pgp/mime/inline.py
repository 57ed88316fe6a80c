"""The old inline form: an armored message as the text of a mail (what RFC 3156 took the place of)."""

import re
from email.message import Message

from mailman_pgp.mime import parsed

_BLOCK = re.compile(rb"\s*(-----BEGIN PGP MESSAGE-----\r?\n.*?\r?\n-----END PGP MESSAGE-----)\s*", re.DOTALL)


def inline_message(message: Message) -> bytes | None:
    """The armored message that is all of a mail's text; None where there is more than it, or other parts beside it."""
    data = parsed.content(message)
    if data is None or parsed.kind(message).kind != "text/plain":
        return None
    found = _BLOCK.fullmatch(data)
    return found[1] if found is not None else None


def as_text(content: bytes) -> bytes:
    """What was in it, as an entity of its own: text without a header field of its author's, as there can be none.

    Programs of that age say nowhere what the bytes mean; UTF-8 is told from others by its form.
    """
    try:
        content.decode("utf-8")
        charset = "utf-8"
    except UnicodeDecodeError:
        charset = "iso-8859-1"
    head = f'Content-Type: text/plain; charset="{charset}"\nContent-Transfer-Encoding: 8bit\n\n'
    return head.encode() + content
