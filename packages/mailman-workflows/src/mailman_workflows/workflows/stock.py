"""What Mailman does by itself: the four policies, as core has them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from public import public
from zope.interface import implementer

from mailman_workflows.interfaces import IWorkflow
from mailman_workflows.request import Purpose
from mailman_workflows.steps.confirmation import ConfirmJoining, ConfirmLeaving
from mailman_workflows.steps.eligibility import MayJoin
from mailman_workflows.steps.membership import IsMember, Join, Leave
from mailman_workflows.steps.moderation import ModerateJoining, ModerateLeaving
from mailman_workflows.workflow import Workflow

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mailman_workflows.workflow import Step


@public
@implementer(IWorkflow)
class StockJoin(Workflow):
    """Joining by the list's `subscription_policy`."""

    name = "join"
    description = "Join by the list's subscription policy, as Mailman does by itself."
    purpose = Purpose.JOIN

    def steps(self) -> Sequence[Step]:
        """See `Workflow`."""
        return MayJoin(), ConfirmJoining(), ModerateJoining(), Join()


@public
@implementer(IWorkflow)
class StockLeave(Workflow):
    """Leaving by the list's `unsubscription_policy`."""

    name = "leave"
    description = "Leave by the list's unsubscription policy, as Mailman does by itself."
    purpose = Purpose.LEAVE

    def steps(self) -> Sequence[Step]:
        """See `Workflow`."""
        return IsMember(), ConfirmLeaving(), ModerateLeaving(), Leave()
