"""A moderator decides."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from mailman.core.i18n import _ as _core
from mailman.email.message import UserNotification
from mailman.interfaces.mailinglist import SubscriptionPolicy
from mailman.interfaces.template import ITemplateLoader
from mailman.utilities.string import expand, wrap
from zope.component import getUtility

from mailman_workflows.i18n import Text
from mailman_workflows.outcomes import PROCEED, Party, Wait
from mailman_workflows.workflow import Step

if TYPE_CHECKING:
    from mailman_workflows.outcomes import Outcome
    from mailman_workflows.request import Request

log = logging.getLogger("mailman.subscribe")

_MODERATED = (SubscriptionPolicy.moderate, SubscriptionPolicy.confirm_then_moderate)
_WAIT = Wait(Party.MODERATOR, Text("waits for a moderator"))


class ModerateJoining(Step):
    """As the list's `subscription_policy` says."""

    name = "moderate-joining"

    def run(self, request: Request) -> Outcome:
        """See `Step`."""
        if request.promises.pre_approved or request.mlist.subscription_policy not in _MODERATED:
            return PROCEED
        return _WAIT

    def announce(self, request: Request) -> None:
        """See `Step`."""
        log.info("%s: held subscription request from %s", request.mlist.fqdn_listname, request.address.email)
        if request.mlist.admin_immed_notify:
            _tell_moderators(request, _joining(request), "list:admin:action:subscribe")


class ModerateLeaving(Step):
    """As the list's `unsubscription_policy` says.

    As in core, who was confirmed by the door they came by leaves a list that has `confirm_then_moderate` at once.
    """

    name = "moderate-leaving"

    def run(self, request: Request) -> Outcome:
        """See `Step`."""
        policy = request.mlist.unsubscription_policy
        confirmed = request.promises.pre_confirmed and policy is SubscriptionPolicy.confirm_then_moderate
        if confirmed or request.promises.pre_approved or policy not in _MODERATED:
            return PROCEED
        return _WAIT

    def announce(self, request: Request) -> None:
        """See `Step`."""
        log.info("%s: held unsubscription request from %s", request.mlist.fqdn_listname, request.address.email)
        if request.mlist.admin_immed_notify:
            _tell_moderators(request, _leaving(request), "list:admin:action:unsubscribe")


# Core's catalogues know these texts by the name `self`, and `_core` looks it up in the caller.


def _joining(self: Request) -> str:  # noqa: ARG001 - see above
    return str(_core("New subscription request to ${self.mlist.display_name} from ${self.address.email}"))


def _leaving(self: Request) -> str:  # noqa: ARG001 - see above
    return str(_core("New unsubscription request to ${self.mlist.display_name} from ${self.address.email}"))


def _tell_moderators(request: Request, subject: str, template: str) -> None:
    mlist, address, subscriber = request.mlist, request.address, request.subscriber
    member = f"{subscriber.display_name} <{address.email}>" if subscriber.display_name else address.email
    text = expand(getUtility(ITemplateLoader).get(template, mlist), mlist, {"member": member})
    # From the owners, so that its bounces are nobody's.
    message = UserNotification(mlist.owner_address, mlist.owner_address, subject, wrap(text), mlist.preferred_language)
    message.send(mlist)
