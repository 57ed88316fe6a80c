"""A held post is decided about: once, however many say something at the same moment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mailman.app.moderator import handle_message
from mailman.interfaces.action import Action as CoreAction
from public import public

from mailman_pgp.exchange.refusals import Refusal
from mailman_pgp.keys import journal
from mailman_pgp.lists.encryption import one_at_a_time
from mailman_pgp.overview import held

if TYPE_CHECKING:
    from mailman_pgp.conversation.matters import Decision
    from mailman_pgp.keys.journal import Actor


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
    handle_message(mlist, found.number, CoreAction[decision.value], comment=comment)
    journal.note(mlist.fqdn_listname, f"{decision} of the held post {found.placeholder}", actor)
    return found


def _gone(mlist: Any) -> Refusal:
    return Refusal(
        "no-such-post",
        f"No post waits at {mlist.fqdn_listname} by this number; somebody has decided about it, or it was never there.",
    )
