"""What can be confirmed."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mailman_workflows.request import JSON


class NotConfirmedError(Exception):
    """The answer does not count, for the reason in the text, which is a sentence; the question stays open."""


@dataclass(frozen=True, slots=True, repr=False)
class Asked:
    """A question that was asked: at which list, whom, and the data of what is to be done (plain JSON).

    `answer` is the mail that answers it, once there is one; see `Action.check`.
    """

    mlist: Any
    email: str
    data: Mapping[str, JSON]
    answer: Any = None


class Action(ABC):
    """Something that a person can confirm.  It is made once in a process and serves every question."""

    #: Unique in the site; saved questions name it.
    name: ClassVar[str]
    #: Counted up when the form of its data changes; `upgraded` reads the older ones.
    version: ClassVar[int] = 1
    #: How long an answer is waited for.
    lifetime: ClassVar[timedelta] = timedelta(days=3)

    @abstractmethod
    def question(self, asked: Asked) -> tuple[str, str]:
        """Subject and text of the question, in the language of the list; how to answer is added to the text."""

    @abstractmethod
    def run(self, asked: Asked) -> str:
        """Do it, and return a sentence for the person who confirmed it.  What it raises undoes everything it did.

        The question is open again then; raise `NotConfirmedError` for what the person can mend.
        """

    def check(self, asked: Asked, message: Any) -> None:  # noqa: B027 - the default is to take every answer
        """Look whether an answer counts.

        `message` is the mail (`email.message.Message`), or None when somebody with the right to do so answers by another door.
        The default takes every mail: who knows the token reads the mailbox that it was sent to.

        :raises NotConfirmedError:
        """

    def upgraded(self, data: Mapping[str, JSON], version: int) -> Mapping[str, JSON]:
        """The data of a question that a release with another `version` asked, in today's form."""
        del version
        return data


_registered: dict[str, Action] = {}


def register(action: Action) -> None:
    """Make an action known in this process, in the place of one with the same name."""
    _registered[action.name] = action


def named(name: str) -> Action | None:
    """The action of this name, if there is one."""
    return _registered.get(name)
