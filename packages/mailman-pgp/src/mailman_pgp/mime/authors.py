"""Who a message says it is from, on the outside."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mailman_pgp.mime import mailboxes

if TYPE_CHECKING:
    from email.message import Message


def single_address(message: Message) -> str | None:
    """The one address in the one From field of a message, in lower case; None when there is not exactly one.

    Sender, Reply-To and the envelope play no part: anybody can write them.
    """
    fields = message.get_all("from", [])
    if len(fields) != 1:
        return None
    value = str(fields[0]).replace("\r", "").replace("\n", "")
    try:
        return mailboxes.single(value).address
    except mailboxes.MailboxError:
        return None
