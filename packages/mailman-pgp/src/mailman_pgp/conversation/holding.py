"""Posts that wait for a moderator: told to their authors, and asked of those who look after the list."""

from __future__ import annotations

import email
import logging
from email.mime.message import MIMEMessage
from typing import TYPE_CHECKING, Any

from mailman.app.moderator import hold_message
from mailman.chains.hold import HoldChain as CoreHoldChain
from mailman.core import i18n
from mailman.core.i18n import format_reasons
from mailman.interfaces.chain import HoldEvent
from public import public
from zope.event import notify

from mailman_pgp.conversation.asking_moderators import ask_moderators
from mailman_pgp.conversation.matters import Matter, Subject
from mailman_pgp.i18n import Text, _, language_of, using
from mailman_pgp.lists.encryption import is_encrypted
from mailman_pgp.notices.answering import answer_by
from mailman_pgp.notices.refusing import answered_as
from mailman_pgp.notices.strangers import answer_stranger
from mailman_pgp.overview.held import is_waiting
from mailman_pgp.overview.reasons import for_moderators, refused
from mailman_pgp.posts.composition import status_of
from mailman_pgp.posts.problems import sentence_for
from mailman_pgp.posts.record import Record
from mailman_pgp.posts.sealed import SealedMessage

if TYPE_CHECKING:
    from collections.abc import Sequence
    from email.mime.base import MIMEBase

log = logging.getLogger("mailman.vette")

#: What is larger is not sent to moderators before they have decided.
_SENT_AT_MOST = 1024 * 1024


@public
class HoldChain(CoreHoldChain):  # type: ignore[misc]  # core is untyped
    """Core's chain, in its place.

    Core's notices quote what stands in the headers, hang the post on, and offer a token with which whoever has it may discard
    the post.  For an encrypted list they are ours: encrypted to each moderator, with a code that counts only with a signature.
    """

    def _process(self, mlist: Any, msg: Any, msgdata: dict[str, Any]) -> None:
        """See `TerminalChainBase`."""
        record = Record.of(msgdata)
        if record is None or not is_encrypted(mlist.list_id):
            super()._process(mlist, msg, msgdata)
            return
        if is_waiting(mlist, str(msg["message-id"])):
            # By a process that was killed before its queue file was gone; all who are to be told were told with that.
            log.info("HELD ALREADY: %s, message-id=%s", mlist.fqdn_listname, msg["message-id"])
            return
        reasons = msgdata.get("moderation_reasons", ["n/a"])
        number = hold_message(mlist, msg, msgdata, "; ".join(format_reasons(reasons)))
        self._tell_author(mlist, msg, record, reasons)
        if mlist.admin_immed_notify:
            self._ask(mlist, msg, record, number, reasons)
        log.info("HOLD: %s post from %s held, message-id=%s", mlist.fqdn_listname, record.author, msg["message-id"])
        notify(HoldEvent(mlist, msg, msgdata, self))

    @staticmethod
    def _tell_author(mlist: Any, msg: Any, record: Record, reasons: Sequence[Any]) -> None:
        if not mlist.respond_to_post_requests or record.automatic or not record.author:
            return
        code = language_of(mlist, record.author)
        reason = "\n".join(_in_words(reasons, code, record, sentence_for(record.problem, mlist.owner_address)))
        if record.brought:
            certificate = msg.unseal(mlist.list_id, record).certificate
            answer_stranger(mlist, record, certificate, "held", reason=reason)
        else:
            answer_by(mlist, record.author, "held", record.message_id, answered_as(record), reason=reason)

    @staticmethod
    def _ask(mlist: Any, msg: Any, record: Record, number: int, reasons: Sequence[Any]) -> None:
        subject, text = about_held(mlist, record, reasons)
        matter = Matter(
            Subject.POST, f"{number} {msg['message-id']}", record.author, subject, text, _post(mlist, msg, record)
        )
        ask_moderators(mlist, matter)


@public
def about_held(mlist: Any, record: Record, reasons: Sequence[Any]) -> tuple[str, str]:
    """Subject and text of what moderators are sent about a post that waits, in the list's language; the post is attached.

    :param reasons: As core's rules have them.
    """
    code = mlist.preferred_language.code
    with using(code):
        subject = _("A post by {author} waits: {list}").format(author=record.author, list=mlist.display_name)
        text = _(
            "A post by {author} to the encrypted mailing list {address} waits for a moderator; {status}.\n\nReasons: "
            "{reasons}\n\nThe post itself is attached, unless it is large."
        ).format(
            address=mlist.posting_address,
            author=record.author,
            status=status_of(record),
            reasons="; ".join(_in_words(reasons, code, record, Text(refused(record.problem)))),
        )
    return subject, text


def _in_words(reasons: Sequence[Any], code: str, record: Record, ours: Text) -> list[str]:
    """The reasons of core's rules, in its own translation, after our own.

    :param ours: What is said in the place of our reason: an author is told less of it than moderators are.
    """
    own = {for_moderators(record.problem)} if record.problem else set()
    with i18n._.using(code):
        words = list(format_reasons(reason for reason in reasons if reason not in own))
    with using(code):
        return [str(ours), *words] if own else words


def _post(mlist: Any, msg: Any, record: Record) -> list[MIMEBase]:
    """The post, to hang on the notice, where it is not too large."""
    if not isinstance(msg, SealedMessage):
        return []
    entity = msg.unseal(mlist.list_id, record).entity
    return [attached_post(entity)] if len(entity) <= _SENT_AT_MOST else []


@public
def attached_post(entity: bytes) -> MIMEBase:
    """A post (what is inside its encryption) as its author wrote it, to hang on a notice that is encrypted when it is written."""
    return MIMEMessage(email.message_from_bytes(entity))


def install() -> None:
    """Put our chain in the place of core's, in this process."""
    from mailman.config import config  # noqa: PLC0415 - core must be initialised

    config.chains[HoldChain.name] = HoldChain()
