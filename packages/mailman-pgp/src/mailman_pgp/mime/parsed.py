"""Parts of a message as the standard library has parsed it: their types, their contents, and what is in them."""

import re
from email.message import Message

from mailman_pgp.mime import content_type, transfer
from mailman_pgp.mime.content_type import ContentType

# Of what has no type that everybody would read in the same way: it is like none that is looked for.
_UNREADABLE = ContentType("unreadable/unreadable")


def kind(message: Message) -> ContentType:
    """The Content-Type; raises nothing."""
    values = message.get_all("content-type", [])
    if len(values) > 1:
        return _UNREADABLE
    try:
        return content_type.parse(re.sub(r"\r?\n", "", str(values[0])) if values else None)
    except ValueError:
        return _UNREADABLE


def below(message: Message) -> list[Message]:
    """The parts one level below, none of a leaf."""
    children = message.get_payload() if message.is_multipart() else []
    return [child for child in children if isinstance(child, Message)]


def content(part: Message, most_chars: int | None = None) -> bytes | None:
    """The content of a leaf with its transfer encoding undone; None for anything else, a damaged one, or one that is longer."""
    # `get_payload()` would decode octets by the charset that a stranger names: to other octets, with errors of any kind, and
    # with codecs of Python's that take the square of their time.
    text = part._payload  # type: ignore[attr-defined]  # noqa: SLF001 - see above
    if not isinstance(text, str) or (most_chars is not None and len(text) > most_chars):
        return None
    try:
        data = text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        data = text.encode("utf-8", "replace")
    try:
        return transfer.decode(data, str(part.get("content-transfer-encoding", "")).strip().lower())
    except ValueError:
        return None
