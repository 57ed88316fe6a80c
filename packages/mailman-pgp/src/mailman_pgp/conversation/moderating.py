"""Moderators decide by a signed reply: about people who want to join or to leave, about new keys, and about held posts."""

from __future__ import annotations

import base64
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from mailman.interfaces.member import AlreadySubscribedError
from public import public

from mailman_pgp import openpgp
from mailman_pgp.conversation import held_posts, requests
from mailman_pgp.conversation.asking import Challenge
from mailman_pgp.conversation.letters import Letter
from mailman_pgp.conversation.matters import Decided, Decision, Subject, standing
from mailman_pgp.exchange import changing
from mailman_pgp.exchange.refusals import Refusal
from mailman_pgp.i18n import N_, _, language_of, using
from mailman_pgp.keys import registry, suspensions
from mailman_pgp.keys.journal import Actor, Door
from mailman_pgp.keys.registry import ChoiceState, RegistryError
from mailman_pgp.lists import administrators, deeds
from mailman_pgp.lists.deeds import Deed
from mailman_pgp.notices.answering import answer_by
from mailman_pgp.openpgp import OpenPGPError, grouped
from mailman_workflows import AskedAgainError, NotYetError, RefusedError
from mailman_workflows.confirmations import NotConfirmedError

if TYPE_CHECKING:
    from mailman_pgp.mime import Said
    from mailman_workflows.confirmations import Asked


# What becomes of a key.
_DEEDS = {
    Decision.ACCEPT: Deed.CHANGE_ACCEPTED,
    Decision.REJECT: Deed.CHANGE_REJECTED,
    Decision.DISCARD: Deed.CHANGE_DISCARDED,
}

# What moderators are told of a request, and of a post.
_REQUESTS_DONE = {
    Decision.ACCEPT: N_("The request is accepted."),
    Decision.REJECT: N_("The request is rejected, and its author is told."),
    Decision.DISCARD: N_("The request is discarded."),
}
_POSTS_DONE = {
    Decision.ACCEPT: N_("The post is accepted, and goes to the members."),
    Decision.REJECT: N_("The post is rejected, and its author is told."),
    Decision.DISCARD: N_("The post is discarded."),
}


@public
class NotDecidedError(NotConfirmedError):
    """A moderator's word counts, but what it decides can't be done, for the reason in the text; the question stays open."""


@public
class Moderation(Challenge):
    """A question to whoever looks after a list."""

    name = "pgp-moderate"
    #: Whoever looks after a list may be away; what is asked can be decided by other doors all the time.
    lifetime = timedelta(days=30)

    def question(self, asked: Asked) -> tuple[str, str]:
        """See `Challenge`: whoever asks has written it."""
        return str(asked.data["subject"]), str(asked.data["text"])

    def how(self, _asked: Asked) -> str:
        """See `Challenge`."""
        return _(
            "To decide by mail, reply to this message, encrypted and signed: write one of the words `accept`, `reject`, `discard` "
            "on a line of its own above everything else, and leave the code below in your reply."
        )

    def check(self, asked: Asked, message: Any) -> None:
        """See `Action`: signed by somebody who looks after the list now, by the certificate that counts for them."""
        if isinstance(message, Decided):
            return
        if not isinstance(message, Letter) or not message.encrypted:
            raise NotConfirmedError(_("An answer counts only by mail, encrypted to the list."))
        current = registry.current(asked.mlist.list_id, message.author)
        if not administrators.looks_after(asked.mlist, message.author) or current is None:
            raise NotConfirmedError(
                _("Only those who look after the list decide this, signed by the key that counts here.")
            )
        if current.fingerprint not in message.signed_by:
            raise NotConfirmedError(
                _(
                    "Your answer was not signed by the key that it must be signed by. Reply once more to the message with the "
                    "code, encrypted and signed."
                )
            )
        if decision_in(message.said) is None:
            raise NotConfirmedError(
                _("Your answer holds none of the words accept, reject, discard on a line of its own. Reply once more.")
            )

    def run(self, asked: Asked) -> str:
        """See `Action`."""
        decided = _decided(asked.answer)
        what = str(asked.data["what"])
        match Subject(str(asked.data["about"])):
            case Subject.REQUEST:
                return _decide_request(asked.mlist, what, decided)
            case Subject.POST:
                return _decide_post(asked, what, decided)
            case Subject.KEY:
                return _decide_key(asked, what, decided)


def _decided(answer: Letter | Decided) -> Decided:
    if isinstance(answer, Decided):
        return answer
    decision = decision_in(answer.said)
    assert decision is not None, "It was checked."
    return Decided(decision, Actor(Door.MAIL, answer.author))


def decision_in(said: Said) -> Decision | None:
    """The first line of the moderator's own that is one of the words."""
    for line in said.own:
        word = line.strip(" .,!").lower()
        if word in set(Decision):
            return Decision(word)
    return None


def _decide_request(mlist: Any, token: str, decided: Decided) -> str:
    try:
        done = requests.decide(mlist, token, decided.decision, decided.actor)
    except Refusal:
        return _("This request is not there any more; somebody has decided about it, or it has expired.")
    except AlreadySubscribedError:
        return _("They are a member already.")
    except AskedAgainError as error:  # there is another question by now
        return error.sentence
    except NotYetError as error:
        raise NotDecidedError(error.sentence) from error
    except RefusedError as error:
        return error.sentence
    if done.waits:
        return _("The request is accepted, and waits for something else now.")
    return _(_REQUESTS_DONE[decided.decision])


def _decide_post(asked: Asked, what: str, decided: Decided) -> str:
    mlist = asked.mlist
    number, _blank, placeholder = what.partition(" ")
    with using(language_of(mlist, str(asked.data["address"]))):
        comment = _("A moderator has rejected it.")
    try:
        held_posts.decide(mlist, number, decided.decision, comment, decided.actor, placeholder=placeholder)
    except Refusal:
        return _("This post is not held any more; somebody has decided about it.")
    return _(_POSTS_DONE[decided.decision])


def _decide_key(asked: Asked, what: str, decided: Decided) -> str:
    mlist, address = asked.mlist, str(asked.data["address"])
    shown, _blank, data = what.rpartition(" ")
    if decided.decision is not Decision.ACCEPT:
        if decided.decision is Decision.REJECT:
            answer_by(mlist, address, "key-rejected", None, None)
        _record_change(mlist, address, data, decided)
        return _("The key does not count; nothing was changed.")
    # Held, so that nobody suspends it before the other takes its place.
    if shown != standing(registry.held(mlist.list_id, address)):
        raise NotDecidedError(
            _(
                "The key that counts for {address} is not the one any more that you were shown, and nothing was changed. They can ask "
                "once more."
            ).format(address=address)
        )
    certificate = openpgp.inspect(base64.b64decode(data))
    if suspensions.is_suspended(mlist.list_id, (), certificate.fingerprint):
        raise NotDecidedError(
            _(
                "The owners have suspended this very key on this list, so nothing was changed. It counts here again only when one of "
                "them adds it."
            )
        )
    try:
        openpgp.require_usable(certificate, address)
        changing.let_count(mlist, address, certificate, ChoiceState.APPROVED, decided.actor)
    except (OpenPGPError, RegistryError) as error:
        raise NotDecidedError(_(str(error))) from error
    _record_change(mlist, address, data, decided)
    return _("From now on this key counts for {address}:\n\n    {fingerprint}").format(
        address=address, fingerprint=grouped(certificate.fingerprint)
    )


def _record_change(mlist: Any, address: str, data: str, decided: Decided) -> None:
    fingerprint = openpgp.inspect(base64.b64decode(data)).fingerprint
    deeds.record(mlist, _DEEDS[decided.decision], decided.actor, address=address, what=fingerprint)


@public
def owners_question_address(mlist: Any, author: str) -> list[str]:
    """The address whose questions somebody may answer beside their own: the owners', for those who look after the list."""
    return [mlist.owner_address] if administrators.looks_after(mlist, author) else []
