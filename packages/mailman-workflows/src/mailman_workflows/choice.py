"""Which workflow a list uses."""

from __future__ import annotations

from typing import TYPE_CHECKING

import falcon
from sqlalchemy import delete, select

from mailman_plugin_kit.database import store
from mailman_workflows import components
from mailman_workflows.errors import SiteError
from mailman_workflows.model.tables import Choice

if TYPE_CHECKING:
    from mailman_workflows.request import Purpose
    from mailman_workflows.workflow import Workflow


class ChoiceError(ValueError):
    """This can't be chosen; the text is a sentence that says why."""


class MissingWorkflowError(SiteError):
    """The workflow that a list uses is not there in this process; the text says what to do.

    Nothing else takes its place: the list may have chosen it so that nobody gets in by another way.
    """

    def __init__(self, list_id: str, name: str) -> None:
        super().__init__(
            falcon.HTTP_503,
            "The workflow of this list is missing.",
            f"The list {list_id} uses the workflow {name!r}, which is not installed here. Install the plugin that has it (where "
            f"it is installed, Mailman's log `plugins.log` says what is wrong), or choose another one by "
            f"`mailman workflows set {list_id} NAME`.",
        )


def name_for(list_id: str, purpose: Purpose) -> str:
    """The name of the workflow that a list uses, whether it is installed or not."""
    chosen = select(Choice.workflow).where(Choice.list_id == list_id, Choice.purpose == purpose.value)
    return store().scalar(chosen) or components.STOCK[purpose]


def workflow_for(list_id: str, purpose: Purpose) -> Workflow:
    """The workflow that a list uses; raises `MissingWorkflowError`."""
    return installed(list_id, name_for(list_id, purpose), purpose)


def installed(list_id: str, name: str, purpose: Purpose) -> Workflow:
    """The workflow of this name and purpose; raises `MissingWorkflowError`."""
    workflow = components.named(name)
    if workflow is None or workflow.purpose is not purpose:
        raise MissingWorkflowError(list_id, name)
    return workflow


def choose(list_id: str, name: str, purpose: Purpose | None = None) -> Workflow:
    """Have a list use a workflow for its purpose from now on; requests that wait go on in the one they began in.

    With `purpose`, it must be for that one.  The caller's transaction commits it.  Raises `ChoiceError`.
    """
    workflow = components.named(name)
    if workflow is None or purpose not in (None, workflow.purpose):
        known = ", ".join(each.name for each in components.every() if purpose in (None, each.purpose))
        raise ChoiceError(f"There is no workflow {name!r} for this here; there are: {known}.")
    store().execute(delete(Choice).where(Choice.list_id == list_id, Choice.purpose == workflow.purpose.value))
    if name != components.STOCK[workflow.purpose]:
        store().add(Choice(list_id=list_id, purpose=workflow.purpose.value, workflow=name))
    store().flush()
    return workflow
