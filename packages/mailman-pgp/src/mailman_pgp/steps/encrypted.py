"""What the steps of encrypted lists share: a healthy process, and a list that is encrypted."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING

import falcon

from mailman_pgp.lists.encryption import is_encrypted
from mailman_pgp.site import health
from mailman_workflows import PROCEED, First, Step
from mailman_workflows.errors import SiteError

if TYPE_CHECKING:
    from mailman_workflows import Outcome, Request


class NotReadyError(SiteError):
    """The plugin is not healthy in this process, so that no key can be looked at."""

    def __init__(self, error: health.NotHealthy) -> None:
        super().__init__(
            falcon.HTTP_503,
            "Nobody can join or leave this encrypted list.",
            f"Nobody can join or leave this list here, since mailman-pgp is not healthy. {error}",
        )


class StepOfEncryptedList(Step):
    """A step that looks at keys.  On a list that is not encrypted (any more) there is nothing to look at."""

    def run(self, request: Request) -> Outcome:
        """See `Step`."""
        return self.decide(request) if is_at_encrypted_list(request) else PROCEED

    def resumed(self, request: Request) -> Outcome:
        """See `Step`."""
        return self.decide_again(request) if is_at_encrypted_list(request) else PROCEED

    @abstractmethod
    def decide(self, request: Request) -> Outcome:
        """Decide about a request at an encrypted list; see `Step.run`."""

    def decide_again(self, request: Request) -> Outcome:
        """Go on with a request at an encrypted list; see `Step.resumed`."""
        del request
        return PROCEED


def is_at_encrypted_list(request: Request) -> bool:
    """Whether the list of a request is encrypted; raises `NotReadyError` where this process may not look at keys."""
    try:
        health.require()
    except health.NotHealthy as error:
        raise NotReadyError(error) from error
    return is_encrypted(request.mlist.list_id)


class AsPlainList(Step):
    """On a list that is not encrypted (any more), the steps of stock Mailman come first."""

    name = "as-plain-list"

    def __init__(self, *steps: str) -> None:
        self._first = First(steps)

    def run(self, request: Request) -> Outcome:
        """See `Step`."""
        return PROCEED if is_at_encrypted_list(request) else self._first
