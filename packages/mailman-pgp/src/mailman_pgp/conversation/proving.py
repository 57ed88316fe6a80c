"""A person proves anew that they hold the key that counts: to go on with a request that came by another door than mail."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from mailman.interfaces.subscriptions import ISubscriptionManager
from public import public

from mailman_pgp.conversation.asking import Challenge, challenge, must_sign
from mailman_pgp.conversation.commanded import Commanded
from mailman_pgp.exchange import changing, evidence, waiting
from mailman_pgp.exchange.counting import counting
from mailman_pgp.i18n import _
from mailman_pgp.keys import registry
from mailman_pgp.keys.journal import Actor, Door
from mailman_pgp.lists.passage import GRACE, PATIENCE
from mailman_pgp.lists.settings import MOST_LEAVE_DAYS
from mailman_pgp.notices.encrypted import reader
from mailman_pgp.openpgp import OpenPGPError
from mailman_workflows import Purpose, RefusedError
from mailman_workflows.confirmations import NotConfirmedError, open_questions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mailman_workflows.confirmations import Asked
    from mailman_workflows.request import JSON


class ProveKey(Challenge):
    """To join: the person wants it, and holds the key."""

    name = "pgp-prove"
    lifetime = PATIENCE

    def question(self, asked: Asked) -> tuple[str, str]:
        """See `Challenge`."""
        return (
            _("Please confirm: join {list}").format(list=asked.mlist.display_name),
            _("Somebody, most likely you, asked that you join the encrypted mailing list {address}.").format(
                address=asked.mlist.posting_address
            ),
        )

    def declined(self, asked: Asked) -> None:
        """See `Challenge`: the request is over."""
        _require_counting(asked)
        waiting.end(asked.mlist, asked.email, Purpose.JOIN)

    def run(self, asked: Asked) -> str:
        """See `Action`; the request itself goes on afterwards, see `mailman_pgp.exchange.waiting`."""
        (fingerprint,) = must_sign(asked.data)
        current = registry.current(asked.mlist.list_id, asked.email)
        if current is None or current.fingerprint != fingerprint:
            raise NotConfirmedError(_("Another key counts for you by now. Ask to join anew."))
        changing.prove(asked.mlist, asked.email, Actor(Door.MAIL, asked.email))
        return _("Thank you: you hold the key that counts for you here.")


class ProveLeaving(Challenge):
    """To leave: the person wants it."""

    name = "pgp-prove-leaving"
    #: Whoever is to leave can object until they do.
    lifetime = timedelta(days=MOST_LEAVE_DAYS) + GRACE

    def question(self, asked: Asked) -> tuple[str, str]:
        """See `Challenge`."""
        return (
            _("Please confirm: leave {list}").format(list=asked.mlist.display_name),
            _("Somebody, most likely you, asked that you leave the encrypted mailing list {address}.").format(
                address=asked.mlist.posting_address
            ),
        )

    def otherwise(self) -> str:
        """See `Challenge`: who says nothing does not object."""
        return _(
            "If you want to stay, reply in the same way with the word `no`. If you do nothing, it goes on without you: a moderator "
            "decides, or you leave on the day that the other message about it names."
        )

    def declined(self, asked: Asked) -> None:
        """See `Challenge`: the member objects, as by `stay`; only the key that counts has read the code."""
        _require_counting(asked)
        waiting.end(asked.mlist, asked.email, Purpose.LEAVE)

    def run(self, asked: Asked) -> str:
        """See `Action`."""
        token = str(asked.data["token"])
        with evidence.proved(token):
            try:
                _token, _owner, _member = ISubscriptionManager(asked.mlist).confirm(token)
            except LookupError:
                return _("The request to leave is not there any more.")
            except RefusedError as error:
                return error.sentence
        if asked.mlist.members.get_member(asked.email) is None:
            return _("You are a member no more.")
        return _("Your request to leave goes on, and you are told.")


@public
def challenge_to_prove(mlist: Any, address: str) -> bool:
    """Ask somebody for the proof that they want to join and hold the key that counts; whether they can be asked."""
    return _challenge(mlist, ProveKey(), address, {})


@public
def challenge_to_leave(mlist: Any, address: str, token: str) -> bool:
    """Ask a member for the proof that they want to leave by the request of this token; whether they can be asked."""
    return _challenge(mlist, ProveLeaving(), address, {"token": token})


@public
def is_asked_to_prove(mlist: Any, address: str) -> bool:
    """Whether somebody was asked to prove a key, and has not answered yet."""
    return any(
        isinstance(question.action, ProveKey)
        or (isinstance(question.action, Commanded) and question.data.get("offered"))
        for question in open_questions(mlist, address)
    )


def _require_counting(asked: Asked) -> None:
    """Who says no does not sign it: that they have read the code counts as long as the key does to which it was encrypted."""
    current = registry.current(asked.mlist.list_id, asked.email)
    if current is None or current.revoked or [current.fingerprint] != must_sign(asked.data):
        raise NotConfirmedError(
            _(
                "The key by which you were asked counts for you no more, so your answer ends nothing. Write to the owners of the list."
            )
        )


def _challenge(mlist: Any, action: Challenge, address: str, data: Mapping[str, JSON]) -> bool:
    """Ask by the certificate that counts, which must sign the answer; False where nothing can be encrypted to it."""
    found = counting(mlist.list_id, address)
    if found.problem:
        return False
    known = found.certificate
    try:
        challenge(mlist, action, address, data, signed_by=[known.fingerprint], readers=[reader(address, known)])
    except OpenPGPError:  # the library refuses this certificate
        return False
    return True
