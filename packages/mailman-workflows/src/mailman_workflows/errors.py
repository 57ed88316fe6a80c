"""Errors with sentences for the people at core's doors.

Which errors a door expects is written in core; each of ours is one of those, so that the door answers instead of failing.
"""

from __future__ import annotations

from typing import Any

import click
import falcon
from mailman.interfaces.address import InvalidEmailAddressError
from mailman.interfaces.member import AlreadySubscribedError, MembershipIsBannedError
from mailman.interfaces.subscriptions import SubscriptionPendingError
from public import public


@public
class RefusedError(MembershipIsBannedError, falcon.HTTPBadRequest):  # type: ignore[misc]  # core is untyped
    """The request is refused for good, for the reason in `sentence`.

    By mail the sentence is the answer, by REST it stands in a 400.  Where somebody only begins to join, core's REST and command
    line know no reason but a ban, and say that.
    """

    def __init__(self, mlist: Any, email: str, sentence: str) -> None:
        MembershipIsBannedError.__init__(self, mlist, email)
        falcon.HTTPBadRequest.__init__(self, title="The request is refused.", description=sentence)
        self.sentence = sentence

    def __str__(self) -> str:
        """The sentence."""
        return self.sentence


@public
class NotYetError(RefusedError):
    """A request can't go on yet, and goes on waiting under the same token.

    By mail the sentence is the answer, by REST it stands in a 409.
    """

    def __init__(self, mlist: Any, email: str, sentence: str) -> None:
        super().__init__(mlist, email, sentence)
        self.status, self.title = falcon.HTTP_409, "The request has to wait."


@public
class AskedAgainError(NotYetError):
    """What was confirmed is not done: the request went back, and somebody is asked again, under another token.

    Unlike with other errors all that was done stays.  By mail the sentence is the answer, by REST it stands in a 409.
    """


class SiteError(click.ClickException, falcon.HTTPError):
    """Something at this site has to be mended first; until then the request waits, or can be made again.

    By mail Mailman keeps the command (shunted), by REST the sentence stands in an answer with `status`, and the command line
    prints it.
    """

    def __init__(self, status: str, title: str, sentence: str) -> None:
        click.ClickException.__init__(self, sentence)
        falcon.HTTPError.__init__(self, status, title=title, description=sentence)

    def __str__(self) -> str:
        """The sentence."""
        return self.message


class NotStartedError(SiteError):
    """This plugin has not started in this process."""

    def __init__(self) -> None:
        super().__init__(
            falcon.HTTP_503,
            "Nobody can join or leave.",
            "Nobody can join or leave: mailman-workflows could not start. Mend what Mailman's log `plugins.log` says, and "
            "restart Mailman.",
        )


class StepFailedError(SiteError):
    """A step has failed by an error of its own, which is in the log and not in here."""

    def __init__(self, step: str, workflow: str) -> None:
        super().__init__(
            falcon.HTTP_500,
            "The workflow has failed.",
            f"The step {step!r} of the workflow {workflow!r} failed, and nothing was changed. Mend what Mailman's log "
            f"`plugins.log` says, and try again.",
        )


class ActionFailedError(SiteError):
    """What was confirmed has failed by an error of its own, which is in the log and not in here."""

    def __init__(self, action: str) -> None:
        super().__init__(
            falcon.HTTP_500,
            "What was confirmed has failed.",
            f"The action {action!r} failed, and nothing was changed. Mend what Mailman's log `plugins.log` says, and try again.",
        )


class MissingStepError(SiteError):
    """The release that is installed knows no such step."""

    def __init__(self, step: str, workflow: str) -> None:
        super().__init__(
            falcon.HTTP_503,
            "A step of this workflow is missing.",
            f"The workflow {workflow!r} as it is installed here has no step {step!r}, by which this request goes on. Install "
            f"the release that has it, or discard the request, so that the person can ask again.",
        )


class UnreadableRequestError(SiteError):
    """What is kept of a request can't be read: somebody has changed it in the database, or a later release has written it."""

    def __init__(self) -> None:
        super().__init__(
            falcon.HTTP_500,
            "This request can't be read.",
            "What is kept of this request can't be read. Discard it, so that the person can ask again.",
        )


def is_answer(error: BaseException) -> bool:
    """Whether an error is a step's decision about a request, which is over by it, and no accident."""
    decisions = (AlreadySubscribedError, MembershipIsBannedError, InvalidEmailAddressError, SubscriptionPendingError)
    return isinstance(error, decisions) and not isinstance(error, NotYetError)
