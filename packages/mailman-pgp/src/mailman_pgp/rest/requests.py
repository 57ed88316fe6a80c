"""Requests to join or to leave that wait at a list, each with the certificate that its person asks with.

Core's own ``/lists/LIST/requests`` accepts, rejects and discards them, too, and does not know by whom.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mailman.interfaces.member import AlreadySubscribedError
from public import public

from mailman_pgp.conversation import offers, proving, requests
from mailman_pgp.exchange.refusals import Refusal
from mailman_pgp.keys import journal
from mailman_pgp.lists import deeds
from mailman_pgp.lists.deeds import Deed
from mailman_pgp.lists.encryption import one_at_a_time
from mailman_pgp.model.database import commit
from mailman_pgp.overview import chosen
from mailman_pgp.rest import shown
from mailman_pgp.rest.answers import Reply
from mailman_pgp.rest.fields import BY, DECISION, PAGING, actor_of, text
from mailman_pgp.rest.operations import Asked, Resource, operation
from mailman_pgp.rest.paging import page_of
from mailman_pgp.rest.places import certificate_of, core_link, encrypted_list, link
from mailman_pgp.rest.schemas.forms import pages
from mailman_pgp.rest.schemas.waiting import CHALLENGED, DECIDED_REQUEST, REQUEST
from mailman_pgp.steps.leaving import LeaveByProof
from mailman_pgp.steps.proof import Proves
from mailman_workflows import AskedAgainError, NotYetError, RefusedError, saved
from mailman_workflows.request import Purpose

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mailman_workflows.model.tables import SavedRequest


@public
class Requests(Resource):
    """The requests that wait at a list, the oldest first."""

    @operation("Show the requests that wait, for what, and with which key.", pages(REQUEST), takes=PAGING)
    def on_get(self, asked: Asked) -> Reply:
        """Answer GET."""
        mlist, _ = encrypted_list(self.names["list"])
        return Reply(page_of(asked, saved.all_at(mlist), lambda rows: _shown(mlist, rows)))


@public
class OneRequest(Resource):
    """A request that waits."""

    @operation("Show a request that waits.", REQUEST)
    def on_get(self, _asked: Asked) -> Reply:
        """Answer GET."""
        mlist, _ = encrypted_list(self.names["list"])
        return Reply(_shown(mlist, [requests.find(mlist, self.names["token"])])[0])

    @operation(
        "Decide about it, by the steps of its workflow: whoever is first decides, and who did is kept.",
        DECIDED_REQUEST,
        takes=[
            DECISION,
            text("reason", "What the person of a request that is rejected is told.", required=False),
            BY,
        ],
    )
    def on_post(self, asked: Asked) -> Reply:
        """Answer POST."""
        mlist, _ = encrypted_list(self.names["list"])
        token, action = self.names["token"], asked["action"]
        try:
            done = requests.decide(mlist, token, action, actor_of(asked), asked.get("reason"))
        except (RefusedError, AlreadySubscribedError) as error:
            commit()
            raise _refusal(mlist, error) from error
        return Reply(
            {
                "token": token,
                "address": done.address,
                "purpose": done.purpose.word,
                "action": action,
                "done": not done.waits,
            }
        )


@public
class RequestFile(Resource):
    """The certificate that somebody asks with, as a file."""

    @operation("Get the certificate of a request as a file.", shown.KEYS_TYPE)
    def on_get(self, _asked: Asked) -> Reply:
        """Answer GET."""
        mlist, _ = encrypted_list(self.names["list"])
        found = certificate_of(mlist, requests.find(mlist, self.names["token"]).email)
        return Reply(shown.as_file(found.stored.data, found.address))


@public
class RequestChallenge(Resource):
    """The question to somebody whether they want it, which only they can read and answer."""

    @operation(
        "Ask the person of a request once more, by mail, for the proof that they want it and hold the key.",
        CHALLENGED,
        takes=[BY],
    )
    def on_post(self, asked: Asked) -> Reply:
        """Answer POST."""
        mlist, _ = encrypted_list(self.names["list"])
        row = requests.find(mlist, self.names["token"])
        if row.step not in {Proves.name, LeaveByProof.name}:
            raise Refusal("no-proof-wanted", f"This request waits for no proof: it {row.reason}.")
        one_at_a_time(mlist.list_id)  # the limit of how often counts those who ask at the same moment, too
        offers.require_rare(mlist, row.email)
        sent = (
            proving.challenge_to_prove(mlist, row.email)
            if row.step == Proves.name
            else proving.challenge_to_leave(mlist, row.email, row.token)
        )
        if not sent:
            raise Refusal(
                "no-certificate-that-counts",
                f"Nothing can be encrypted to {row.email} on {mlist.fqdn_listname}, so they can't be asked. Add a certificate "
                "that can be used first.",
            )
        deeds.record(mlist, Deed.ASKED_AGAIN, actor_of(asked), address=row.email, what=Purpose(row.purpose).word)
        return Reply({"token": row.token, "address": row.email, "asked": True})


def _refusal(mlist: Any, error: RefusedError | AlreadySubscribedError) -> Refusal:
    """What a workflow has answered, with a code of its own."""
    match error:
        case AlreadySubscribedError():
            return Refusal("member-already", f"{error.email} is a member of {mlist.fqdn_listname} already.")
        case AskedAgainError():
            return Refusal("asked-again", error.sentence)
        case NotYetError():
            return Refusal("not-yet", error.sentence)
        case _:
            return Refusal("request-refused", error.sentence)


def _shown(mlist: Any, rows: Sequence[SavedRequest]) -> list[dict[str, Any]]:
    list_id = mlist.list_id
    certificates = {found.address: found for found in chosen.of_addresses(list_id, {row.email for row in rows})}
    compared = journal.compared(list_id)
    shown_requests = []
    for row in rows:
        found = certificates.get(row.email)
        when = None if found is None else compared.get((row.email, found.stored.fingerprint))
        shown_requests.append(
            {
                "token": row.token,
                "address": row.email,
                "purpose": Purpose(row.purpose).word,
                "workflow": row.workflow,
                "waits_for": row.waits_for,
                "reason": row.reason,
                "since": row.since,
                "expires": row.expires,
                "certificate": None if found is None else shown.asked_with(found, when),
                "self_link": link("lists", list_id, "requests", row.token),
                "core_link": core_link("lists", list_id, "requests", row.token),
            }
        )
    return shown_requests
