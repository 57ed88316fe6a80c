"""Workflows and the steps they are made of."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar

from mailman_workflows.outcomes import PROCEED

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mailman_workflows.outcomes import Outcome
    from mailman_workflows.request import Purpose, Request


class Step(ABC):
    """One small decision about a request.

    A step has no state of its own: it is made once in a process and serves every request.  What it wants to remember is put
    into the request's `notes`.
    """

    #: Unique in the workflow; saved requests name it.
    name: str

    @abstractmethod
    def run(self, request: Request) -> Outcome:
        """Decide about the request.

        Refuse it by one of the errors of core's `ISubscriptionManager.register`, or by a `RefusedError`.  Any other error
        undoes what was done since the request began or was resumed.
        """

    def announce(self, request: Request) -> None:  # noqa: B027 - not every step has something to tell
        """Tell whom the request waits for; called when `run` or `resumed` has asked to wait and the request is saved."""

    def resumed(self, request: Request) -> Outcome:
        """Go on, now that what the step has waited for is there; the default proceeds."""
        del request
        return PROCEED


class Workflow(ABC):
    """A way to join or to leave, chosen per list by its name.  See `IWorkflow`."""

    name: ClassVar[str]
    description: ClassVar[str]
    purpose: ClassVar[Purpose]

    def __init__(self) -> None:
        steps = self.steps()
        self._steps = {step.name: step for step in steps}
        if len(self._steps) != len(steps) or not self.asides <= self._steps.keys():
            raise ValueError(
                f"The steps of the workflow {self.name!r} need different names, and `asides` must name such."
            )
        self.order: tuple[str, ...] = tuple(name for name in self._steps if name not in self.asides)

    #: Names of steps that are not in the order, and done only where another step asks for them by `First`.
    asides: ClassVar[frozenset[str]] = frozenset()

    @abstractmethod
    def steps(self) -> Sequence[Step]:
        """All steps, in their order; called once."""

    @property
    def by_name(self) -> Mapping[str, Step]:
        """The steps by their names."""
        return self._steps
