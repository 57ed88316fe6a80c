"""The person confirms, by which their address is verified too."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mailman.interfaces.mailinglist import SubscriptionPolicy
from mailman.interfaces.subscriptions import (
    SubscriptionConfirmationNeededEvent,
    SubscriptionInvitationNeededEvent,
    UnsubscriptionConfirmationNeededEvent,
)
from mailman.utilities.datetime import now
from zope.event import notify

from mailman_workflows.i18n import Text
from mailman_workflows.outcomes import END, PROCEED, Party, Wait
from mailman_workflows.workflow import Step

if TYPE_CHECKING:
    from mailman_workflows.outcomes import Outcome
    from mailman_workflows.request import Request

_WITHOUT = (SubscriptionPolicy.open, SubscriptionPolicy.moderate)
_WAIT = Wait(Party.SUBSCRIBER, Text("waits for a confirmation"))
_WAIT_INVITED = Wait(Party.SUBSCRIBER, Text("waits for an answer to the invitation"))


class ConfirmJoining(Step):
    """As the list's `subscription_policy` says; an address that nobody has verified is always asked, and so is who is invited."""

    name = "confirm-joining"

    def run(self, request: Request) -> Outcome:
        """See `Step`."""
        promises = request.promises
        if promises.invitation:
            return _WAIT_INVITED
        if request.address.verified_on is None:
            if not promises.pre_verified:
                return _WAIT
            request.address.verified_on = now()
        if promises.pre_confirmed or request.mlist.subscription_policy in _WITHOUT:
            return PROCEED
        return _WAIT

    def announce(self, request: Request) -> None:
        """See `Step`.  Core writes the mail."""
        needed = (
            SubscriptionInvitationNeededEvent if request.promises.invitation else SubscriptionConfirmationNeededEvent
        )
        notify(needed(request.mlist, request.token, request.address.email))

    def resumed(self, request: Request) -> Outcome:
        """See `Step`."""
        if request.address.verified_on is None:
            request.address.verified_on = now()
        return PROCEED


class ConfirmLeaving(Step):
    """As the list's `unsubscription_policy` says."""

    name = "confirm-leaving"

    def run(self, request: Request) -> Outcome:
        """See `Step`."""
        if request.promises.pre_confirmed or request.mlist.unsubscription_policy in _WITHOUT:
            return PROCEED
        return _WAIT

    def announce(self, request: Request) -> None:
        """See `Step`.  Core writes the mail."""
        notify(UnsubscriptionConfirmationNeededEvent(request.mlist, request.token, request.address.email))

    def resumed(self, request: Request) -> Outcome:
        """See `Step`.  The member may have left meanwhile."""
        return END if request.member is None else PROCEED
