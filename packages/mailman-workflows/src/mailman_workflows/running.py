"""One request on its way through its workflow."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from mailman_workflows import saved
from mailman_workflows.errors import NotYetError
from mailman_workflows.outcomes import End, First, Proceed, Wait

if TYPE_CHECKING:
    from mailman_workflows.outcomes import Outcome
    from mailman_workflows.request import Request
    from mailman_workflows.workflow import Step, Workflow


def start(workflow: Workflow, request: Request) -> None:
    """Take a new request as far as it goes.  Raises what a step refuses it with."""
    _go_on(workflow, request, deque(workflow.order))


def resume(workflow: Workflow, request: Request, claimed: saved.Claimed) -> None:
    """Take a request that has waited as far as it goes from there.

    Raises `NotYetError` when what it waited for is not there: then it goes on waiting.  By any other error of a step its
    token is used up, as by core's workflows.
    """
    agenda = deque(claimed.agenda)
    step = workflow.by_name[agenda.popleft()]
    try:
        outcome = step.resumed(request)
    except NotYetError:
        saved.give_back(claimed)
        raise
    except BaseException:
        saved.finish(claimed)
        raise
    saved.finish(claimed)
    request.token = request.waits_for = request.since = None
    if _follow(outcome, step, workflow, request, agenda):
        _go_on(workflow, request, agenda)


def _go_on(workflow: Workflow, request: Request, agenda: deque[str]) -> None:
    while agenda:
        step = workflow.by_name[agenda.popleft()]
        if not _follow(step.run(request), step, workflow, request, agenda):
            return


def _follow(outcome: Outcome, step: Step, workflow: Workflow, request: Request, agenda: deque[str]) -> bool:
    """Do what a step has said; tell whether the next one may run."""
    match outcome:
        case Proceed():
            return True
        case First(steps):
            agenda.extendleft(reversed(steps))
            return True
        case Wait():
            saved.save(request, workflow.name, [step.name, *agenda], outcome)
            step.announce(request)
            return False
        case End():
            return False
