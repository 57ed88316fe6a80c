"""Keys that people bring for themselves: asked about by mail as there, so that nothing counts by what is said here alone."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from public import public

from mailman_pgp.conversation import offering, offers
from mailman_pgp.exchange import waiting
from mailman_pgp.exchange.refusals import Refusal
from mailman_pgp.lists import deeds
from mailman_pgp.lists.deeds import Deed
from mailman_pgp.overview.data import described, went
from mailman_pgp.rest.answers import Reply
from mailman_pgp.rest.fields import BY, actor_of, address, as_address, text
from mailman_pgp.rest.operations import Asked, Resource, operation
from mailman_pgp.rest.places import encrypted_list
from mailman_pgp.rest.schemas.people import ASKED_AGAIN, OFFERED


@public
class Offers(Resource):
    """Where a key is brought."""

    @operation(
        "Bring a key in the name of its person, as `key set`, `key change`, `key refresh` and `key revoke` do by mail. One that is "
        "to count is asked about by an encrypted message; what a key says of itself counts at once, and is kept whatever is answered.",
        OFFERED,
        takes=[
            address("address", "Whose it is; they need not be a member yet."),
            text("certificate", "The certificate (public key), or the revocation of one, in ASCII armor."),
            BY,
        ],
    )
    def on_post(self, asked: Asked) -> Reply:
        """Answer POST."""
        mlist, _ = encrypted_list(self.names["list"])
        whose = asked["address"]
        found = offering.offer(mlist, whose, asked["certificate"].encode(), asked.get(BY.name, ""))
        return Reply(
            {
                "address": whose,
                "outcome": found.outcome,
                "sentence": found.sentence,
                "replaces": found.replaces or None,
                "certificate": None if found.certificate is None else described(found.certificate),
                "requests": [went(one) for one in waiting.after_change(mlist, whose)],
            }
        )


@public
class OneOffer(Resource):
    """What somebody has offered, and does not count yet."""

    @operation(
        "Take back the keys that were offered for an address and don't count yet, be it that their person has not answered or that "
        "no moderator has decided.",
        None,
        takes=[BY],
        status=HTTPStatus.NO_CONTENT,
    )
    def on_delete(self, asked: Asked) -> Reply:
        """Answer DELETE."""
        mlist, whose = _found(self.names)
        offers.take_back(mlist, whose)
        deeds.record(mlist, Deed.TAKEN_BACK, actor_of(asked), address=whose)
        waiting.after_change(mlist, whose)
        return Reply(None, HTTPStatus.NO_CONTENT)


@public
class OfferAgain(Resource):
    """The message to its person."""

    @operation(
        "Ask somebody once more, by mail, for the answer that lets the key count which was offered for them last, or that shows that "
        "they want to join.",
        ASKED_AGAIN,
        takes=[BY],
    )
    def on_post(self, asked: Asked) -> Reply:
        """Answer POST."""
        mlist, whose = _found(self.names)
        fingerprint = offers.ask_again(mlist, whose)
        deeds.record(mlist, Deed.ASKED_AGAIN, actor_of(asked), address=whose, what=fingerprint)
        return Reply({"address": whose, "fingerprint": fingerprint, "asked": True})


def _found(names: dict[str, str]) -> tuple[Any, str]:
    mlist, _ = encrypted_list(names["list"])
    whose = as_address(names["address"])
    if whose is None:
        raise Refusal("no-offer", f"No key waits for an answer at {mlist.fqdn_listname} for what is no mail address.")
    return mlist, whose
