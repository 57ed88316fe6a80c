"""Errors with sentences for the people at core's doors.

Which errors a door expects is written in core; each of ours is one of those, so that the door answers instead of failing.
"""

from __future__ import annotations

from typing import Any

import falcon
from mailman.interfaces.member import MembershipIsBannedError
from public import public


@public
class RefusedError(MembershipIsBannedError):  # type: ignore[misc]  # core is untyped
    """The request is refused for good, for the reason in `sentence`.

    By mail the sentence is the answer.  Core's REST and command line know no reason but a ban, and say that.
    """

    def __init__(self, mlist: Any, email: str, sentence: str) -> None:
        super().__init__(mlist, email)
        self.sentence = sentence

    def __str__(self) -> str:
        """The sentence."""
        return self.sentence


@public
class NotYetError(RefusedError, falcon.HTTPConflict):
    """A request can't go on yet, and goes on waiting under the same token.

    By mail the sentence is the answer, by REST it stands in a 409.
    """

    def __init__(self, mlist: Any, email: str, sentence: str) -> None:
        RefusedError.__init__(self, mlist, email, sentence)
        falcon.HTTPConflict.__init__(self, title="The request has to wait.", description=sentence)
