"""The end of each request: a member more, or one less."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from mailman.app.membership import delete_member
from mailman.interfaces.member import AlreadySubscribedError, MemberRole, NotAMemberError
from mailman.interfaces.usermanager import IUserManager
from zope.component import getUtility

from mailman_workflows.outcomes import PROCEED
from mailman_workflows.steps.eligibility import is_member
from mailman_workflows.workflow import Step

if TYPE_CHECKING:
    from mailman_workflows.outcomes import Outcome
    from mailman_workflows.request import Request


class Join(Step):
    """The person becomes a member."""

    name = "join"

    def run(self, request: Request) -> Outcome:
        """See `Step`.

        :raises AlreadySubscribedError: when the person has joined by another door meanwhile.
        :raises MembershipIsBannedError: when they have been banned meanwhile.
        """
        mlist, wishes = request.mlist, request.wishes
        if is_member(request):  # core lets one join by the address and as a user, and receive all twice
            raise AlreadySubscribedError(mlist.fqdn_listname, request.address.email, MemberRole.member)
        request.member = mlist.subscribe(request.subscriber, send_welcome_message=wishes.send_welcome_message)
        preferences = request.member.preferences
        if wishes.delivery_mode is not None:
            preferences.delivery_mode = wishes.delivery_mode
        if wishes.delivery_status is not None:
            preferences.delivery_status = wishes.delivery_status
        return PROCEED


class IsMember(Step):
    """Only a member can leave."""

    name = "is-member"

    def run(self, request: Request) -> Outcome:
        """See `Step`."""
        request.member = request.mlist.regular_members.get_member(request.address.email)
        assert request.member is not None, "Core's doors look first."
        return PROCEED


class Leave(Step):
    """The member is a member no more; nothing happens when they have left meanwhile.

    It is their membership of before, which may be by another address by now.
    """

    name = "leave"

    def run(self, request: Request) -> Outcome:
        """See `Step`."""
        if request.member is not None:
            address = request.member.address or request.address
            if address.user is None:  # core's notice to the owners takes one for granted
                getUtility(IUserManager).make_user(address.email)
            with contextlib.suppress(NotAMemberError):
                self.end(request.mlist, address.email)
        request.member = None
        return PROCEED

    def end(self, mlist: Any, address: str) -> None:
        """End the membership by an address, and say goodbye as the list's settings want it; raises core's `NotAMemberError`."""
        delete_member(mlist, address)
