"""Requests that wait begin anew in another workflow of their list.

Else they go on in the one in which they began, also when the list has chosen another one, and let people pass by what it asks for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mailman_workflows import saved
from mailman_workflows.errors import UnreadableRequestError
from mailman_workflows.outcomes import PROCEED
from mailman_workflows.request import StaleRequestError
from mailman_workflows.workflow import Step

if TYPE_CHECKING:
    from mailman_workflows.outcomes import Outcome, Wait
    from mailman_workflows.request import Request
    from mailman_workflows.workflow import Workflow


class Anew(Step):
    """Where a request waits that is to begin anew; one of the `asides` of a workflow in which they may."""

    name = "anew"

    def run(self, request: Request) -> Outcome:
        """See `Step`."""
        del request
        return PROCEED


def begin_anew(mlist: Any, workflow: Workflow, wait: Wait) -> None:
    """Have all requests of the workflow's purpose that wait at a list begin anew in it, as soon as they are resumed.

    They wait as `wait` says, under new tokens, with what was promised and wished; so do those that wait in this very workflow, which
    may have let them pass while the list was another one.  The caller commits.
    """
    for row in saved.all_at(mlist):
        if row.purpose != workflow.purpose.value:
            continue
        claimed = saved.claim(mlist, row.token)
        if claimed is None:
            continue
        saved.finish(claimed)
        try:
            request = claimed.request(mlist)
        except (StaleRequestError, UnreadableRequestError):
            continue
        request.notes = {}
        saved.save(request, workflow.name, [Anew.name, *workflow.order], wait)
