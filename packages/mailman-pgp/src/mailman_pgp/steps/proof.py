"""The person wants to join, and shows it by their key."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from mailman.utilities.datetime import now as core_now

from mailman_pgp.conversation import proving
from mailman_pgp.exchange.counting import counting
from mailman_pgp.i18n import _
from mailman_pgp.keys import journal
from mailman_pgp.keys.journal import Act
from mailman_pgp.lists.passage import PATIENCE, PROOF
from mailman_pgp.notices.passage import send_how_to_send_a_key
from mailman_pgp.steps.encrypted import StepOfEncryptedList
from mailman_pgp.steps.key import BEGAN, FOR_PROOF
from mailman_workflows import PROCEED, NotYetError, Party, Wait

if TYPE_CHECKING:
    from mailman_workflows import Outcome, Request

_WAIT = Wait(Party.OUTSIDE, FOR_PROOF, PATIENCE)
_ASKED = "asked-to-prove"  # in the notes: the fingerprint of the certificate to which the question was encrypted


class Proves(StepOfEncryptedList):
    """An owner vouches for the person's wish to join, or they have proved their key since the request began.

    Who is invited is asked as well: nothing that an owner says shows that they want to.
    """

    name = PROOF

    def decide(self, request: Request) -> Outcome:
        """See `StepOfEncryptedList`."""
        found = counting(request.mlist.list_id, request.email)
        if not found.problem and (_vouched_for(request) or _has_proved(request, found.fingerprint)):
            if request.address.verified_on is None:
                request.address.verified_on = core_now()
            return PROCEED
        request.notes[_ASKED] = found.fingerprint
        return _WAIT

    def announce(self, request: Request) -> None:
        """See `Step`.  Who can't be asked by the key that they have is told how to send one."""
        if not proving.challenge_to_prove(request.mlist, request.email):
            send_how_to_send_a_key(request.mlist, request.address.email)

    def decide_again(self, request: Request) -> Outcome:
        """See `StepOfEncryptedList`."""
        mlist, email = request.mlist, request.email
        found = counting(mlist.list_id, email)
        if found.problem:
            until = _("The request waits until they have proved a key.")
            raise NotYetError(mlist, email, f"{found.sentence} {until}")
        # Who has another key now can't answer what was encrypted to the one of before, and is asked anew.
        if found.fingerprint == request.notes[_ASKED] and not _has_proved(request, found.fingerprint):
            raise NotYetError(
                mlist,
                email,
                _(
                    "{address} was asked by an encrypted message whether they want to join, and has not answered yet. Nobody can "
                    "answer for them; the request goes on by itself."
                ).format(address=email),
            )
        return self.decide(request)


def _vouched_for(request: Request) -> bool:
    promises = request.promises
    verified = promises.pre_verified or request.address.verified_on is not None
    return promises.pre_confirmed and not promises.invitation and verified


def _has_proved(request: Request, fingerprint: str) -> bool:
    event = journal.last(request.mlist.list_id, request.email, fingerprint, Act.PROVED)
    return event is not None and event.at >= dt.datetime.fromisoformat(str(request.notes[BEGAN]))
