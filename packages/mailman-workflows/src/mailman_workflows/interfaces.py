"""The interface by which workflows are found."""

from __future__ import annotations

from public import public
from zope.interface import Attribute, Interface


@public
class IWorkflow(Interface):  # type: ignore[misc]  # zope is untyped
    """A way to join or to leave.

    A class that implements it, named in the `__all__` of a module in the package `workflows` of a plugin's
    `component_package`, is found when Mailman starts, as rules and chains are.  `mailman_workflows.workflow.Workflow` is the
    class to derive from.
    """

    name = Attribute("The name by which a list chooses it; unique in the site.")

    description = Attribute("One sentence for the people who choose.")

    purpose = Attribute("A `mailman_workflows.request.Purpose`.")
