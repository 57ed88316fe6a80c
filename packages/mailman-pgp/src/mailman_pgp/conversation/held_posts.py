"""A held post is decided about: once, however many say something at the same moment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mailman.app.moderator import handle_message
from mailman.interfaces.action import Action as CoreAction
from mailman.interfaces.messages import IMessageStore
from public import public
from zope.component import getUtility

from mailman_pgp.exchange.refusals import Refusal
from mailman_pgp.keys import journal
from mailman_pgp.lists import administrators
from mailman_pgp.lists.encryption import one_at_a_time
from mailman_pgp.notices.strangers import reject_stranger
from mailman_pgp.overview import held
from mailman_pgp.posts.sealed import SealedError, SealedMessage

if TYPE_CHECKING:
    from mailman_pgp.conversation.matters import Decision
    from mailman_pgp.keys.journal import Actor
    from mailman_pgp.posts.record import Record
    from mailman_pgp.posts.sealed import Content


@public
def find(mlist: Any, number: str) -> held.Held:
    """The one at a list with this number, as somebody wrote it.

    :raises Refusal: when there is none.
    """
    found = held.find(mlist, number)
    if found is None:
        raise _gone(mlist)
    return found


@public
def require_office(mlist: Any, address: str) -> None:
    """Make sure that somebody may read what waits for a decision.

    :raises Refusal: when they are neither an owner nor a moderator of the list.
    """
    if not administrators.looks_after(mlist, address):
        raise Refusal(
            "not-an-administrator",
            f"{address} is neither an owner nor a moderator of {mlist.fqdn_listname}, and nobody else may read what waits for a "
            "decision. Make them one first.",
        )


@public
def content_of(mlist: Any, one: held.Held) -> tuple[Record, Content]:
    """What is known of one, and what its author wrote.

    :raises Refusal: when it can't be opened.
    """
    message = getUtility(IMessageStore).get_message_by_id(one.placeholder)
    if isinstance(message, SealedMessage) and one.record is not None:
        try:
            return one.record, message.unseal(mlist.list_id, one.record)
        except SealedError:
            pass
    raise Refusal(
        "not-to-be-opened",
        f"What the author of this post wrote is not there any more, or does not open for {mlist.fqdn_listname}: it was sealed "
        "before the list was encrypted anew, or under another site key. Discard it, and let its author send it again.",
    )


@public
def decide(
    mlist: Any,
    number: str,
    decision: Decision,
    comment: str | None,
    actor: Actor,
    *,
    placeholder: str | None = None,
) -> held.Held:
    """Do with it what core does; core alone looks first, and two who look together would both do it.  The caller commits.

    :param number: As somebody wrote it.
    :param comment: What the author of what is rejected is told.
    :param placeholder: The `Held.placeholder` of the one that is meant, where that is known: another one may have its number by now.
    :return: What it was.
    :raises Refusal: when it does not wait any more.
    """
    one_at_a_time(mlist.list_id)
    found = find(mlist, number)
    if placeholder not in (None, found.placeholder):
        raise _gone(mlist)
    action = CoreAction[decision.value]
    if action is CoreAction.reject and _is_told_privately(mlist, found, comment or ""):
        action = CoreAction.discard
    handle_message(mlist, found.number, action, comment=comment)
    journal.note(mlist.fqdn_listname, f"{decision} of the held post {found.placeholder}", actor)
    return found


def _is_told_privately(mlist: Any, one: held.Held, comment: str) -> bool:
    """Whether the author of what is rejected is no one of the list's, and has been told so by the certificate that came with it.

    Core would write to them, too; but that leaves only encrypted to a certificate that counts, and none does for them.
    """
    if one.record is None or not one.record.brought:
        return False
    try:
        record, content = content_of(mlist, one)
    except Refusal:
        return False
    return reject_stranger(mlist, record, content.certificate, comment)


def _gone(mlist: Any) -> Refusal:
    return Refusal(
        "no-such-post",
        f"No post waits at {mlist.fqdn_listname} by this number; somebody has decided about it, or it was never there.",
    )
