"""Mail that a machine sent, which must not be answered by another one (RFC 3834 §2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from email.message import Message

_NO_PATH = frozenset({"", "<>"})
_BULK = frozenset({"bulk", "junk", "list"})


def is_automatic(message: Message) -> bool:
    """Whether a message is a machine's: a bounce, an automatic answer, mail of a list; or asks not to be answered.

    Its envelope sender is looked for where an LMTP server of Mailman (``X-MailFrom``) and other servers leave it.
    """
    if any(name.lower().startswith("list-") for name in message):
        return True
    if any(value in _NO_PATH for name in ("return-path", "x-mailfrom") for value in _values(message, name)):
        return True
    if message.get_content_type() == "multipart/report":
        return True
    if any(value in _BULK for value in _values(message, "precedence")):
        return True
    # RFC 3834 §5: the value may have parameters.
    if any(value.partition(";")[0].strip() != "no" for value in _values(message, "auto-submitted")):
        return True
    return "x-no-ack" in message or "no" in _values(message, "x-ack")


def _values(message: Message, name: str) -> list[str]:
    return [str(value).strip().lower() for value in message.get_all(name, [])]
