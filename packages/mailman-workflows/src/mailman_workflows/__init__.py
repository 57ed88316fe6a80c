"""Subscription and unsubscription workflows for GNU Mailman 3, chosen per list and made of small steps.

What a plugin with workflows of its own needs is here; see docs/workflows.md.
"""

from mailman_workflows.errors import AskedAgainError, NotYetError, RefusedError
from mailman_workflows.interfaces import IWorkflow
from mailman_workflows.outcomes import END, PROCEED, End, First, Outcome, Party, Proceed, Wait
from mailman_workflows.request import Promises, Purpose, Request, Wishes
from mailman_workflows.workflow import Step, Workflow

__all__ = [
    "END",
    "PROCEED",
    "AskedAgainError",
    "End",
    "First",
    "IWorkflow",
    "NotYetError",
    "Outcome",
    "Party",
    "Proceed",
    "Promises",
    "Purpose",
    "RefusedError",
    "Request",
    "Step",
    "Wait",
    "Wishes",
    "Workflow",
]
