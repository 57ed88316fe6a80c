"""A key that counts for the person is there."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from mailman_pgp.conversation import proving
from mailman_pgp.exchange.counting import counting
from mailman_pgp.i18n import Text, _
from mailman_pgp.lists.passage import FOR_A_KEY, PATIENCE
from mailman_pgp.model.database import now
from mailman_pgp.notices.passage import send_how_to_send_a_key
from mailman_pgp.steps.encrypted import StepOfEncryptedList
from mailman_workflows import PROCEED, NotYetError, Party, Wait

if TYPE_CHECKING:
    from mailman_workflows import Outcome, Request

#: What the request's notes hold: when it began (ISO 8601, naive UTC), and which certificate was usable then, if any.
BEGAN, AT_FIRST = "began", "key-at-first"
#: What a request waits for that has a key, or somebody who was asked to prove one.
FOR_PROOF = Text("waits for proof")
_ASKED = (
    "asked-for-proof"  # in the notes: that the person was asked to prove a key, and is not to be told how to send one
)
_AT_LEAST = dt.timedelta(hours=1)


class HasKey(StepOfEncryptedList):
    """A certificate counts for the person on the list and can be used; else they are told how to send one."""

    name = "key"

    def decide(self, request: Request) -> Outcome:
        """See `StepOfEncryptedList`."""
        found = counting(request.mlist.list_id, request.email)
        request.notes[BEGAN] = now().isoformat()
        request.notes[AT_FIRST] = found.fingerprint
        if not found.problem:
            return PROCEED
        return _wait(request, asked=proving.is_asked_to_prove(request.mlist, request.email))

    def announce(self, request: Request) -> None:
        """See `Step`.  Who was asked to prove a key has been told already what to do."""
        if not request.notes[_ASKED]:
            send_how_to_send_a_key(request.mlist, request.address.email)

    def decide_again(self, request: Request) -> Outcome:
        """See `StepOfEncryptedList`."""
        found = counting(request.mlist.list_id, request.email)
        if found.problem and not request.notes[_ASKED] and proving.is_asked_to_prove(request.mlist, request.email):
            return _wait(request, asked=True)
        if found.problem:
            until = _("The request waits for a key, and goes on by itself when there is one.")
            raise NotYetError(request.mlist, request.email, f"{found.sentence} {until}")
        return PROCEED


def _wait(request: Request, *, asked: bool) -> Wait:
    request.notes[_ASKED] = asked
    over = dt.datetime.fromisoformat(str(request.notes[BEGAN])) + PATIENCE
    return Wait(Party.OUTSIDE, FOR_PROOF if asked else FOR_A_KEY, max(over - now(), _AT_LEAST))
