"""A request to join or to leave is decided about: once, and with the name of whoever has decided, by mail or by REST."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mailman.app.moderator import send_rejection
from mailman.interfaces.pending import IPendings
from mailman.interfaces.subscriptions import ISubscriptionManager, TokenOwner
from public import public
from zope.component import getUtility

from mailman_pgp.conversation.matters import Decision
from mailman_pgp.exchange.decider import decided_by
from mailman_pgp.exchange.refusals import Refusal
from mailman_pgp.i18n import _, language_of, using
from mailman_pgp.lists import deeds
from mailman_pgp.lists.deeds import Deed
from mailman_workflows import Purpose, saved

if TYPE_CHECKING:
    from mailman_pgp.keys.journal import Actor
    from mailman_workflows.model.tables import SavedRequest


_DEEDS = {
    Decision.ACCEPT: Deed.REQUEST_ACCEPTED,
    Decision.REJECT: Deed.REQUEST_REJECTED,
    Decision.DISCARD: Deed.REQUEST_DISCARDED,
}


@public
@dataclass(frozen=True, slots=True)
class Done:
    """What was decided about.

    :ivar address: Whose request, in lower case.
    :ivar waits: Whether it waits for something else now.
    """

    address: str
    purpose: Purpose
    waits: bool = False


@public
def find(mlist: Any, token: str) -> SavedRequest:
    """The request that waits at a list under a token, as somebody wrote it.

    :raises Refusal: when there is none.
    """
    found = saved.one_at(mlist, token)
    if found is None:
        raise _gone(mlist)
    return found


@public
def decide(mlist: Any, token: str, decision: Decision, actor: Actor, reason: str | None = None) -> Done:
    """Decide about a request at a list; the caller commits, whatever it raises but what is wrong with the site.

    :param reason: What the person of a request that is rejected is told.
    :raises Refusal: when it does not wait there any more.
    :raises mailman.interfaces.member.AlreadySubscribedError: when they are a member; then it is over.
    :raises mailman_workflows.RefusedError: when its workflow refuses it, and it is over; or when it goes on waiting
        (`NotYetError`), or waits for a moderator once more (`AskedAgainError`).
    :raises mailman_workflows.errors.SiteError: when something is to be mended first.
    """
    found = find(mlist, token)
    address, purpose, waits = found.email, Purpose(found.purpose), False
    if decision is Decision.ACCEPT:
        waits = _accept(mlist, token, actor)
    else:
        _end(mlist, token, purpose, reason, told=decision is Decision.REJECT)
    deeds.record(mlist, _DEEDS[decision], actor, address=address, what=purpose.word)
    return Done(address, purpose, waits)


def _accept(mlist: Any, token: str, actor: Actor) -> bool:
    """Whether it waits for something else now."""
    with decided_by(actor):
        try:
            _token, owner, _member = ISubscriptionManager(mlist).confirm(token)
        except LookupError:
            raise _gone(mlist) from None
    return owner is not TokenOwner.no_one


def _end(mlist: Any, token: str, purpose: Purpose, reason: str | None, *, told: bool) -> None:
    shown = getUtility(IPendings).confirm(token, expunge=False)
    if saved.end(mlist, token) is None:
        raise _gone(mlist)
    if told:
        address = shown["email"]  # as its person writes it
        with using(language_of(mlist, address)):
            what = _("Request to leave") if purpose is Purpose.LEAVE else _("Subscription request")
            send_rejection(mlist, what, address, reason or _("A moderator has rejected it."))


def _gone(mlist: Any) -> Refusal:
    return Refusal(
        "no-such-request",
        f"No request waits at {mlist.fqdn_listname} by this token; somebody has decided about it, or it is over.",
    )
