"""Looking at a message before core does."""

from __future__ import annotations

from typing import Any

from mailman_pgp.lists.encryption import is_encrypted
from mailman_pgp.mime import single_address

_SENDERS = ("from", "reply-to", "sender")


class Wary:
    """A mixin for a queue runner: no header of a stranger's makes core give up a message before it is ours to judge.

    Core looks for the sender first, to choose a language.  A name in an unknown charset, or comments in comments, make that
    fail, and a message in the clear would lie in the shunt queue.  On an encrypted list only the address in From counts.
    """

    def _process_one_file(self, msg: Any, msgdata: dict[str, Any]) -> None:
        """See `Runner`."""
        if not _has_readable_senders(msg) and is_encrypted(msgdata.get("listid", "")):
            author = single_address(msg)
            for name in _SENDERS:
                del msg[name]
            if author is not None:
                msg["From"] = author
        super()._process_one_file(msg, msgdata)  # type: ignore[misc]  # a mixin before core's Runner


def _has_readable_senders(msg: Any) -> bool:
    try:
        return msg.sender is not None
    except Exception:  # noqa: BLE001 - the libraries below raise what they like, RecursionError too
        return False
