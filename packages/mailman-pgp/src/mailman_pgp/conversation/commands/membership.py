"""To join, to leave, and to stay."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mailman.commands.eml_membership import match_subscriber
from mailman.interfaces.address import InvalidEmailAddressError
from mailman.interfaces.member import AlreadySubscribedError, MembershipIsBannedError
from mailman.interfaces.subscriptions import ISubscriptionManager, SubscriptionPendingError, TokenOwner
from mailman.interfaces.usermanager import IUserManager
from zope.component import getUtility

from mailman_pgp.conversation.commands.base import Command, CommandRefusedError, Proof, Run
from mailman_pgp.conversation.commands.keys import let_count
from mailman_pgp.exchange import changing, waiting
from mailman_pgp.i18n import N_, _
from mailman_pgp.keys.journal import Actor, Door
from mailman_workflows import Purpose, RefusedError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mailman_pgp.conversation.brought import Brought


class Join(Command):
    """Join, by a key that comes with the mail or counts already."""

    name = "join"
    aliases = ("subscribe",)
    proof = Proof.KEY
    summary = N_("Join this list. Your certificate (public key) has to come with the mail.")
    example = N_(
        "Write a new message to {request} with the subject `join`, and choose `Security > Attach my public key`. You get "
        "an encrypted answer with a code: reply to it, encrypted and signed, with the word yes on top."
    )

    def proof_for(self, brought: Brought) -> Proof:
        """See `Command`."""
        return Proof.KEY if brought.certificate is not None else Proof.MEMBER

    def run(self, run: Run, arguments: Sequence[str]) -> str:
        """See `Command`."""
        del arguments
        if run.offered is not None:
            let_count(run)
        else:
            changing.prove(run.mlist, run.address, Actor(Door.MAIL, run.address))
        try:
            _token, owner, member = ISubscriptionManager(run.mlist).register(
                match_subscriber(run.address, run.name), pre_verified=True, pre_confirmed=True
            )
        except AlreadySubscribedError:
            return _("You are a member already.")
        except SubscriptionPendingError:
            return _("Your request to join is here already, and you are told what becomes of it.")
        except RefusedError as error:
            raise CommandRefusedError(error.sentence) from error
        except (MembershipIsBannedError, InvalidEmailAddressError) as error:
            raise CommandRefusedError(_("Your address can't join this list. Its owners can tell you more.")) from error
        if member is not None:
            return _("You are a member now.")
        if owner is TokenOwner.moderator:
            return _("Your key is proved. A moderator decides about your request to join, and you are told.")
        return _("Your request to join waits; you are told what it waits for.")


class Leave(Command):
    """Leave."""

    name = "leave"
    aliases = ("unsubscribe",)
    proof = Proof.MEMBER
    summary = N_(
        "Leave this list. Without your key, too: then a moderator decides, or some days pass in which you can object."
    )
    example = N_(
        "Write a new message to {request} with the subject `leave`, encrypted and signed. Reply to the answer, encrypted "
        "and signed, with the word yes on top. If you have lost your key, send `leave` without it."
    )

    def run(self, run: Run, arguments: Sequence[str]) -> str:
        """See `Command`."""
        del arguments
        subscriber = member_of(run.mlist, run.address)
        if subscriber is None:
            raise CommandRefusedError(_("You are no member of this list by this address."))
        try:
            _token, owner, _member = ISubscriptionManager(run.mlist).unregister(subscriber, pre_confirmed=True)
        except SubscriptionPendingError:
            return _("Your request to leave is here already.")
        except RefusedError as error:
            raise CommandRefusedError(error.sentence) from error
        if owner is TokenOwner.moderator:
            return _("A moderator decides about your request to leave, and you are told.")
        return _("You are a member no more.")


class Stay(Command):
    """Object to a request to leave that was made in one's name."""

    name = "stay"
    proof = Proof.MEMBER
    summary = N_("Stay, where somebody has asked in your name that you leave.")
    example = N_(
        "Write a new message to {request} with the subject `stay`, encrypted and signed, and reply to the answer, "
        "encrypted and signed, with the word yes on top."
    )

    def run(self, run: Run, arguments: Sequence[str]) -> str:
        """See `Command`."""
        del arguments
        return (
            _("You stay.")
            if waiting.end(run.mlist, run.address, Purpose.LEAVE)
            else _("Nobody has asked that you leave.")
        )


def member_of(mlist: Any, address: str) -> Any:
    """Core's address of a member, None for anybody else."""
    if mlist.regular_members.get_member(address) is None:
        return None
    return getUtility(IUserManager).get_address(address)
