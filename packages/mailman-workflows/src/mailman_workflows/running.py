"""One request on its way through its workflow."""

from __future__ import annotations

import logging
from collections import deque
from contextlib import contextmanager
from typing import TYPE_CHECKING

import falcon
from mailman.interfaces.address import InvalidEmailAddressError
from mailman.interfaces.errors import MailmanError
from mailman.interfaces.member import MembershipIsBannedError, MissingPreferredAddressError
from mailman.interfaces.subscriptions import SubscriptionPendingError

from mailman_plugin_kit.failures import places_of
from mailman_workflows import saved
from mailman_workflows.errors import MissingStepError, NotYetError, RefusedError, StepFailedError
from mailman_workflows.i18n import _
from mailman_workflows.outcomes import End, First, Proceed, Wait

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mailman_workflows.outcomes import Outcome
    from mailman_workflows.request import Request
    from mailman_workflows.workflow import Step, Workflow

log = logging.getLogger("mailman.plugins")


def start(workflow: Workflow, request: Request) -> None:
    """Take a new request as far as it goes.

    Raises what a step refuses it with, and `StepFailedError`.  The caller undoes what is no refusal.
    """
    _go_on(workflow, request, deque(workflow.order))


def resume(workflow: Workflow, request: Request, claimed: saved.Claimed) -> None:
    """Take a request that has waited as far as it goes from there; its token is used up.

    Raises `RefusedError`, core's `AlreadySubscribedError`, `NotYetError`, `StepFailedError` and `MissingStepError`.  The caller undoes what is no refusal, so that the request
    goes on waiting.
    """
    with _told(request):
        _resume(workflow, request, claimed)


def _resume(workflow: Workflow, request: Request, claimed: saved.Claimed) -> None:
    agenda = deque(claimed.agenda)
    for name in agenda:
        if name not in workflow.by_name:
            raise MissingStepError(name, workflow.name)
    step = workflow.by_name[agenda.popleft()]
    with _failures_of(step, workflow):
        outcome = step.resumed(request)
    saved.finish(claimed)
    request.token = request.waits_for = request.since = None
    if _follow(outcome, step, workflow, request, agenda):
        _go_on(workflow, request, agenda)


def _go_on(workflow: Workflow, request: Request, agenda: deque[str]) -> None:
    while agenda:
        step = workflow.by_name[agenda.popleft()]
        with _failures_of(step, workflow):
            outcome = step.run(request)
        if not _follow(outcome, step, workflow, request, agenda):
            return


def _follow(outcome: Outcome, step: Step, workflow: Workflow, request: Request, agenda: deque[str]) -> bool:
    """Do what a step has said; tell whether the next one may run."""
    with _failures_of(step, workflow):
        match outcome:
            case Proceed():
                return True
            case First(steps, because):
                if unknown := [name for name in steps if name not in workflow.by_name]:
                    raise ValueError(f"There are no steps {unknown}.")
                agenda.extendleft(reversed(steps))
                request.went_back = because or request.went_back
                return True
            case Wait():
                saved.save(request, workflow.name, [step.name, *agenda], outcome)
                step.announce(request)
                return False
            case End():
                return False
            case _:
                raise TypeError(f"{outcome!r} is no outcome.")


@contextmanager
def _told(request: Request) -> Iterator[None]:
    """Give each of core's refusals its sentence, at doors that know only some of them where a token is confirmed."""
    mlist, email = request.mlist, request.email
    try:
        yield
    except RefusedError:
        raise
    except MembershipIsBannedError as error:
        sentence = _("{address} is not allowed to subscribe to {list}.")
        raise RefusedError(mlist, email, sentence.format(address=email, list=mlist.fqdn_listname)) from error
    except InvalidEmailAddressError as error:
        sentence = _("{address} can't be a member of {list}: it is the address of a list, or none.")
        raise RefusedError(mlist, email, sentence.format(address=email, list=mlist.fqdn_listname)) from error
    except SubscriptionPendingError as error:
        sentence = _("Another request of {address} waits at {list}.")
        raise RefusedError(mlist, email, sentence.format(address=email, list=mlist.fqdn_listname)) from error
    except MissingPreferredAddressError as error:
        sentence = _("{address} belongs to a user without a preferred address. Choose one first, then confirm again.")
        raise NotYetError(mlist, email, sentence.format(address=email)) from error


@contextmanager
def _failures_of(step: Step, workflow: Workflow) -> Iterator[None]:
    """Keep a step's own errors from the doors, which would take a `KeyError` for a token that does not match."""
    try:
        yield
    except (MailmanError, falcon.HTTPError):  # what doors know
        raise
    except Exception as error:  # noqa: BLE001 - see above
        # Nor in a traceback: a step may look at what came encrypted.
        where = places_of(error)
        log.error("The step %s of the workflow %s failed, as %s", step.name, workflow.name, where)  # noqa: TRY400 - see above
        raise StepFailedError(step.name, workflow.name) from None
