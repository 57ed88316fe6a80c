"""Somebody leaves, by a proof that it is them, or after a protection where there is none."""

from __future__ import annotations

import datetime as dt
import logging
from typing import TYPE_CHECKING, Any

from mailman.app.membership import delete_member

from mailman_pgp.conversation import proving
from mailman_pgp.conversation.asking_moderators import ask_about_leaving
from mailman_pgp.exchange import evidence
from mailman_pgp.exchange.counting import counting
from mailman_pgp.i18n import Text, _
from mailman_pgp.lists.encryption import is_encrypted
from mailman_pgp.lists.in_force import leave_protection
from mailman_pgp.lists.passage import GRACE
from mailman_pgp.lists.settings import LeaveProtection
from mailman_pgp.model.database import now
from mailman_pgp.notices.passage import send_leaving, send_left
from mailman_pgp.site import health
from mailman_pgp.steps.encrypted import is_at_encrypted_list
from mailman_workflows import END, PROCEED, First, NotYetError, Party, Purpose, RefusedError, Step, Wait, saved
from mailman_workflows.steps.confirmation import ConfirmLeaving
from mailman_workflows.steps.membership import Leave
from mailman_workflows.steps.moderation import ModerateLeaving

if TYPE_CHECKING:
    from mailman_workflows import Outcome, Request

log = logging.getLogger("mailman.subscribe")

_DUE, _ACCEPTED = "leaves-at", "accepted"  # in the notes: ISO 8601, naive UTC; that a moderator has decided


class LeaveByProof(Step):
    """Who has proved that it is them leaves; of anybody else the list's protection is in force, see `LeaveProtection`."""

    name = "leave-by-proof"

    def run(self, request: Request) -> Outcome:
        """See `Step`.  An owner may remove somebody also where no key can be looked at.

        :raises RefusedError: when somebody has asked already.
        """
        if request.promises.pre_confirmed:
            return PROCEED
        if not is_at_encrypted_list(request):
            return First((ConfirmLeaving.name,))
        mlist, email = request.mlist, request.email
        if saved.waiting_at(mlist, Purpose.LEAVE, email):
            sentence = _("Another request that {address} leaves waits at {list}.")
            raise RefusedError(mlist, email, sentence.format(address=email, list=mlist.fqdn_listname))
        protection, delay = leave_protection(mlist.list_id)
        if protection is LeaveProtection.DELAY:
            due = now() + delay
            request.notes[_DUE] = due.isoformat()
            when = Text("leaves on {day} unless somebody objects", day=due.strftime("%Y-%m-%d"))
            return Wait(Party.OUTSIDE, when, delay + GRACE)
        if request.promises.pre_approved:
            return PROCEED
        return Wait(Party.MODERATOR, Text("waits for a moderator: leaves without a proof"))

    def announce(self, request: Request) -> None:
        """See `Step`.  The person is told in the clear, too: they may have lost their key."""
        mlist, due = request.mlist, _due(request)
        log.info("%s: held unsubscription request from %s", mlist.fqdn_listname, request.address.email)
        found = counting(mlist.list_id, request.email)
        send_leaving(mlist, request.address.email, due, None if found.problem else found.certificate)
        if not found.problem:
            assert request.token is not None  # it is saved
            proving.challenge_to_leave(mlist, request.email, request.token)
        if mlist.admin_immed_notify:
            ask_about_leaving(mlist, request, due)

    def resumed(self, request: Request) -> Outcome:
        """See `Step`.  The member may have left meanwhile."""
        mlist, email, due = request.mlist, request.email, _due(request)
        if request.member is None:
            return END
        if evidence.carries(request.token):
            return PROCEED
        if due is not None and now() < due:
            raise NotYetError(
                mlist,
                email,
                _(
                    "{address} leaves on {day} unless somebody objects. An owner can remove them at once, or discard the request."
                ).format(address=email, day=f"{due:%Y-%m-%d}"),
            )
        request.notes[_ACCEPTED] = due is None
        return PROCEED


class ModerateLeavingOnce(ModerateLeaving):
    """As the list's `unsubscription_policy` says, where no moderator has decided yet."""

    def run(self, request: Request) -> Outcome:
        """See `Step`."""
        return PROCEED if request.notes.get(_ACCEPTED) else super().run(request)


class LeaveEncrypted(Leave):
    """The member is told that they have left by the key that counts until then: the list forgets it with the membership."""

    def end(self, mlist: Any, address: str) -> None:
        """See `Leave`.  Where no key can be looked at, core says goodbye."""
        if not health.current().healthy or not is_encrypted(mlist.list_id):
            super().end(mlist, address)
            return
        found = counting(mlist.list_id, address)
        certificate = None if found.problem else found.certificate
        delete_member(mlist, address, userack=False)
        if mlist.send_goodbye_message:
            send_left(mlist, address, certificate)


def _due(request: Request) -> dt.datetime | None:
    due = request.notes.get(_DUE)
    return None if due is None else dt.datetime.fromisoformat(str(due))
