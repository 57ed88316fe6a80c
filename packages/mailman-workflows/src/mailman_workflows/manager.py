"""The one door of core's by which people come and go, with the workflow that the list has chosen behind it."""

from __future__ import annotations

from typing import Any

from mailman.app.subscriptions import SubscriptionManager as CoreSubscriptionManager
from mailman.database.transaction import flush
from mailman.interfaces.pending import IPendings
from mailman.interfaces.subscriptions import ISubscriptionManager, TokenOwner
from public import public
from zope.component import getUtility
from zope.interface import implementer

from mailman_plugin_kit.database import whole
from mailman_workflows import choice, components, running, saved
from mailman_workflows.errors import AskedAgainError, RefusedError, is_answer
from mailman_workflows.i18n import _
from mailman_workflows.request import Promises, Purpose, Request, StaleRequestError, Wishes

_Answer = tuple[str | None, TokenOwner, Any]


@public
@implementer(ISubscriptionManager)
class SubscriptionManager:
    """See `ISubscriptionManager`; an adapter of core's `IMailingList`."""

    def __init__(self, mlist: Any) -> None:
        self._mlist = mlist

    def register(
        self,
        subscriber: Any = None,
        *,
        pre_verified: bool = False,
        pre_confirmed: bool = False,
        pre_approved: bool = False,
        invitation: bool = False,
        send_welcome_message: bool | None = None,
        delivery_mode: Any = None,
        delivery_status: Any = None,
    ) -> _Answer:
        """See `ISubscriptionManager`."""
        # Who is invited has been let in by an owner, and verifies and confirms by the answer.
        verified, confirmed, approved = (
            bool(invitation or each) for each in (pre_verified, pre_confirmed, pre_approved)
        )
        promises = Promises(verified, confirmed, approved, bool(invitation))
        wishes = Wishes(send_welcome_message, delivery_mode, delivery_status)
        return self._start(Request.of(self._mlist, Purpose.JOIN, subscriber, promises, wishes))

    def unregister(self, subscriber: Any = None, *, pre_confirmed: bool = False, pre_approved: bool = False) -> _Answer:
        """See `ISubscriptionManager`."""
        promises = Promises(pre_confirmed=bool(pre_confirmed), pre_approved=bool(pre_approved))
        return self._start(Request.of(self._mlist, Purpose.LEAVE, subscriber, promises))

    def _start(self, request: Request) -> _Answer:
        with whole(answers=is_answer):
            running.start(choice.workflow_for(self._mlist.list_id, request.purpose), request)
        return _answer(request)

    def confirm(self, token: str | None) -> _Answer:
        """See `ISubscriptionManager`.

        A token is good at its own list only, until its time is over, and once.  It is not used up by what fails, nor by a
        workflow that is missing.

        :raises LookupError:
        :raises AskedAgainError: when the request went back to be let pass once more; what was done stays.
        """
        if token is None:
            raise LookupError
        with whole(answers=_is_over_by):
            claimed = saved.claim(self._mlist, token)
            if claimed is None:
                return self._confirm_older(token)
            workflow = choice.installed(self._mlist.list_id, claimed.workflow, claimed.purpose)
            try:
                request = claimed.request(self._mlist)
                running.resume(workflow, request, claimed)
            except Exception as error:
                if _is_over_by(error):
                    saved.finish(claimed)
                raise
        if request.went_back and request.waits_for is not None:
            raise AskedAgainError(self._mlist, request.email, request.went_back)
        return _answer(request)

    def _confirm_older(self, token: str) -> _Answer:
        """Confirm a request that core saved before this plugin was installed, at a list that uses stock's workflow."""
        pendable = self._older(token)
        if pendable is None or not saved.is_in_time(token):
            raise LookupError
        purpose = Purpose(pendable["type"])
        if choice.name_for(self._mlist.list_id, purpose) != components.STOCK[purpose]:
            raise RefusedError(
                self._mlist,
                pendable["email"],
                _(
                    "This request is older than the way in which people come to this list now. Discard it, and let them ask again."
                ),
            )
        answer: _Answer = CoreSubscriptionManager(self._mlist).confirm(token)
        return answer

    def _older(self, token: str) -> Any:
        """What core knows of a request at this list that it saved before this plugin was installed; None where it is none."""
        pendable = getUtility(IPendings).confirm(token, expunge=False)
        kinds = {purpose.value for purpose in Purpose}
        if pendable is None or pendable.get("type") not in kinds or "workflow" in pendable:
            return None
        return pendable if pendable.get("list_id") == self._mlist.list_id else None

    def discard(self, token: str) -> None:
        """See `ISubscriptionManager`.  At another list, or of something else, a token ends nothing."""
        with flush():
            if saved.end(self._mlist, token) is None and self._older(token) is not None:
                getUtility(IPendings).confirm(token)


def _is_over_by(error: BaseException) -> bool:
    return is_answer(error) or isinstance(error, StaleRequestError)


def _answer(request: Request) -> _Answer:
    owner = TokenOwner.no_one if request.waits_for is None else saved.OWNERS[request.waits_for]
    return request.token, owner, request.member
