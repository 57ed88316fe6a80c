"""Who may ask at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mailman.interfaces.address import InvalidEmailAddressError
from mailman.interfaces.bans import IBanManager
from mailman.interfaces.member import AlreadySubscribedError, MemberRole, MembershipIsBannedError
from mailman.interfaces.subscriptions import SubscriptionPendingError
from mailman.interfaces.usermanager import IUserManager
from zope.component import getUtility

from mailman_workflows import saved
from mailman_workflows.outcomes import PROCEED
from mailman_workflows.request import Purpose
from mailman_workflows.workflow import Step

if TYPE_CHECKING:
    from mailman_workflows.outcomes import Outcome
    from mailman_workflows.request import Request


def is_member(request: Request) -> bool:
    """Whether the person is a member already, by the address or as a user whose preferred address it is."""
    mlist, user, address = request.mlist, request.user, request.address
    # The membership of a user follows the preferred address, which may be another one by now.
    preferred = user.preferred_address if request.by_user else None
    # As a user who prefers it too, be it the one who asks or another.
    return any(mlist.members.get_memberships(each.email) for each in (address, preferred) if each is not None)


class MayJoin(Step):
    """The person exists, is no member, is not banned, is not the list itself, and has no other request waiting."""

    name = "may-join"

    def run(self, request: Request) -> Outcome:
        """See `Step`.

        :raises AlreadySubscribedError:
        :raises MembershipIsBannedError:
        :raises InvalidEmailAddressError:
        :raises SubscriptionPendingError:
        """
        mlist = request.mlist
        if request.user is None:
            request.user = getUtility(IUserManager).make_user(request.address.email)
        if request.address is None:
            # A user without a preferred address.  Any of theirs will do, as in core.
            request.address = next(iter(request.user.addresses))
        email = request.address.email
        if is_member(request):
            raise AlreadySubscribedError(mlist.fqdn_listname, email, MemberRole.member)
        if IBanManager(mlist).is_banned(email):
            raise MembershipIsBannedError(mlist, email)
        if email.lower() == mlist.posting_address:
            raise InvalidEmailAddressError("List posting address not allowed")
        if saved.waiting_at(mlist, Purpose.JOIN, email):
            raise SubscriptionPendingError(mlist, email)
        return PROCEED
