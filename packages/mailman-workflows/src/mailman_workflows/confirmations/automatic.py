"""Mail that a machine sent: nobody has read what it answers (RFC 3834)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from email.message import Message

_NO_PATH = frozenset({"", "<>"})
#: What programs for absences set that know no ``Auto-Submitted``.
_MARKS = ("x-autoreply", "x-autorespond")
_PRECEDENCE = frozenset({"auto_reply", "bulk", "junk", "list"})


def is_automatic(message: Message) -> bool:
    """Whether a message is an automatic answer, a bounce, or mail of a list.

    Its envelope sender is looked for where Mailman's LMTP server (``X-MailFrom``) and other servers leave it.
    """
    # RFC 3834 §5: the value may have parameters.
    if any(value.partition(";")[0].strip() != "no" for value in _values(message, "auto-submitted")):
        return True
    if any(value in _NO_PATH for name in ("return-path", "x-mailfrom") for value in _values(message, name)):
        return True
    if any(value in _PRECEDENCE for value in _values(message, "precedence")):
        return True
    return message.get_content_type() == "multipart/report" or any(name in message for name in _MARKS)


def _values(message: Message, name: str) -> list[str]:
    return [str(value).strip().lower() for value in message.get_all(name, [])]
