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
#: In the notes: whether the person is asked to prove a key that they have sent, and how often the request has waited for one: its
#: person is told how to send it the first time only.
_ASKED, _TOLD = "asked-for-proof", "told-how"
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
        """See `Step`.  Who was asked to prove a key has been told already what to do, and nobody is told twice."""
        if request.notes[_TOLD] == 1 and not request.notes[_ASKED]:
            send_how_to_send_a_key(request.mlist, request.address.email)

    def decide_again(self, request: Request) -> Outcome:
        """See `StepOfEncryptedList`."""
        found = counting(request.mlist.list_id, request.email)
        if not found.problem:
            return PROCEED
        asked = proving.is_asked_to_prove(request.mlist, request.email)
        if asked is not request.notes[_ASKED]:  # a question has come, or was answered by no, or its time is over
            return _wait(request, asked=asked)
        until = _("The request waits for a key, and goes on by itself when there is one.")
        raise NotYetError(request.mlist, request.email, f"{found.sentence} {until}")


def _wait(request: Request, *, asked: bool) -> Wait:
    request.notes[_ASKED] = asked
    told = request.notes.get(_TOLD, 0)
    assert isinstance(told, int), "It is a number."
    request.notes[_TOLD] = told + (not asked)
    over = dt.datetime.fromisoformat(str(request.notes[BEGAN])) + PATIENCE
    return Wait(Party.OUTSIDE, FOR_PROOF if asked else FOR_A_KEY, max(over - now(), _AT_LEAST))
