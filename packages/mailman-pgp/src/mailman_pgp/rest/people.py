"""What a person sees of their own: each list on which one of their addresses is, or asks to be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from public import public

from mailman_pgp.overview.places import places_of
from mailman_pgp.rest import shown
from mailman_pgp.rest.answers import Reply
from mailman_pgp.rest.fields import addresses
from mailman_pgp.rest.operations import Asked, Resource, operation
from mailman_pgp.rest.schemas.people import PLACES
from mailman_workflows.request import Purpose

if TYPE_CHECKING:
    from mailman_pgp.overview.places import Place, Waiting

_MOST = 20  # addresses of one person


@public
class People(Resource):
    """One person, by their addresses."""

    @operation(
        "Show how a person stands at each encrypted list on which one of their addresses is, or asks to join: what counts, what they "
        "were asked, what waits, and what they do next.",
        PLACES,
        takes=[addresses("address", "An address of the person, given once for each of them.", _MOST)],
    )
    def on_get(self, asked: Asked) -> Reply:
        """Answer GET."""
        return Reply({"lists": [_shown(place) for place in places_of(asked["address"])]})


def _shown(place: Place) -> dict[str, Any]:
    standing, request, on_list = place.standing, place.request, place.on_list
    return {
        "list_id": place.mlist.list_id,
        "list_address": place.mlist.posting_address,
        "list_name": place.mlist.display_name,
        "list_fingerprint": place.key,
        "address": on_list.address,
        "roles": on_list.role_names,
        "delivery": on_list.delivery,
        "state": {"code": standing.code, "words": standing.words, "next_step": standing.next_step},
        "certificate": None if place.certificate is None else shown.in_short(place.mlist.list_id, place.certificate),
        "question": _waiting(place.question),
        "change": _waiting(place.change),
        "request": None
        if request is None
        else {
            # Not by its token: whoever has it may answer for the person.
            "purpose": Purpose(request.purpose).word,
            "waits_for": request.waits_for,
            "reason": request.reason,
            "since": request.since,
            "expires": request.expires,
        },
    }


def _waiting(found: Waiting | None) -> dict[str, Any] | None:
    if found is None:
        return None
    return {
        "fingerprint": found.fingerprint,
        "replaces": found.replaces,
        "since": found.since,
        "expires": found.expires,
    }
