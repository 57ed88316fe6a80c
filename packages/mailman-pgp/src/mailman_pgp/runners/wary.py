"""Looking at a message before core does."""

from __future__ import annotations

from typing import Any

from mailman.config import config
from mailman.core.i18n import _
from mailman.interfaces.listmanager import IListManager
from public import public
from sqlalchemy.exc import SQLAlchemyError
from zope.component import getUtility

from mailman_pgp.exchange.refusals import log_failure
from mailman_pgp.lists.encryption import is_encrypted
from mailman_pgp.mime import Structure, examine, single_address
from mailman_pgp.posts.sealed import SealedMessage

_SENDERS = ("from", "reply-to", "sender")
# In a message's metadata: core writes it as the last thing before it hands a message on.
_LANGUAGE = "lang"


@public
class Wary:
    """A mixin for a queue runner that can `put_off` mail: over nothing in the clear does core give up before it is ours to judge.

    Core looks for the sender first, to choose a language.  A name in an unknown charset, comments in comments, or a language that was
    taken out of core's configuration make that fail, and a message in the clear would lie in the shunt queue.  On an encrypted list
    only the address in From counts.

    While the database is away nobody knows whose the message is.  So it waits.
    """

    name: str
    switchboard: Any

    def _process_one_file(self, msg: Any, msgdata: dict[str, Any]) -> None:
        """See `Runner`."""
        msgdata.pop(_LANGUAGE, None)
        ours = False
        try:
            ours = is_encrypted(msgdata.get("listid", ""))
            if ours:
                self._process_ours(msg, msgdata)
            else:
                super()._process_one_file(msg, msgdata)  # type: ignore[misc]  # a mixin before core's Runner
        except SQLAlchemyError as error:
            # What was handed on is core's matter on plain lists, and may be shunted where it is ciphertext.
            if _LANGUAGE in msgdata and (not ours or _is_ciphertext(msg)):
                raise
            config.db.abort()
            log_failure(f"a message waits in the queue {self.name}", error)
            self.put_off_for_a_while()  # type: ignore[attr-defined]  # see `Queued`

    def _process_ours(self, msg: Any, msgdata: dict[str, Any]) -> None:
        if not _has_readable_senders(msg):
            _leave_author_alone(msg)
        try:
            super()._process_one_file(msg, msgdata)  # type: ignore[misc]  # a mixin before core's Runner
        except LookupError:
            if _LANGUAGE in msgdata:
                raise
        else:
            return
        self._process_in_usual_language(msg, msgdata)

    def _process_in_usual_language(self, msg: Any, msgdata: dict[str, Any]) -> None:
        """Hand a message on as core does."""
        mlist = getUtility(IListManager).get_by_list_id(msgdata["listid"])
        msgdata[_LANGUAGE] = config.mailman.default_language
        with _.using(msgdata[_LANGUAGE]):
            if self._dispose(mlist, msg, msgdata):  # type: ignore[attr-defined]  # core's Runner
                self.switchboard.enqueue(msg, msgdata)


def _is_ciphertext(msg: Any) -> bool:
    return isinstance(msg, SealedMessage) or examine(msg).structure is Structure.ENCRYPTED


def _leave_author_alone(msg: Any) -> None:
    author = single_address(msg)
    for name in _SENDERS:
        del msg[name]
    if author is not None:
        msg["From"] = author


def _has_readable_senders(msg: Any) -> bool:
    try:
        return msg.sender is not None
    except Exception:  # noqa: BLE001 - the libraries below raise what they like, RecursionError too
        return False
