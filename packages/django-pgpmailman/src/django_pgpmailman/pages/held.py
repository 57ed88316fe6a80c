"""The posts that wait for a moderator: all but their content, which is read in a mail program."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _

from django_pgpmailman.deciding import Desk, digest, reason
from django_pgpmailman.page import Method, Page
from django_pgpmailman.permissions import addresses_of, offices_of
from django_pgpmailman.roles import Role
from mailman_pgp_client import EncryptedList, RefusedError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django_pgpmailman.deciding import Action
    from django_pgpmailman.page import Visit


def _decided(action: str, sentence: Any) -> Action:
    def act(visit: Visit, ants: EncryptedList, post: Mapping[str, Any]) -> Any:
        ants.decide_held(post["number"], action, reason(visit) if action == "reject" else None, by=visit.by)
        return sentence % {"address": post["author"]}

    return act


def _copy(visit: Visit, ants: EncryptedList, post: Mapping[str, Any]) -> Any:
    address = visit.request.POST.get("address", "")
    if address not in addresses_of(visit.request.user):
        raise RefusedError(HTTPStatus.BAD_REQUEST, _("It is sent to an address of your own only. Nothing was sent."))
    # Whether they look after the list by this address, REST asks.
    ants.copy_held(post["number"], address, by=visit.by)
    return _("It is on its way to %(address)s, encrypted to your key. It goes on waiting here.") % {"address": address}


def _addresses(visit: Visit) -> dict[str, Any]:
    """To which of the visitor's addresses a copy may go; nobody is asked where there is no choice."""
    mine = sorted(addresses_of(visit.request.user))
    return {"addresses": mine if len(mine) < 2 else offices_of(visit.request.user, visit.mlist) or mine}  # noqa: PLR2004 - two


_DESK = Desk(
    page="held",
    ask=EncryptedList.page_of_held,
    find=lambda ants, number: ants.held_post(number),  # type: ignore[arg-type]  # REST looks whether it is one
    name=lambda post: str(post["number"]),
    # The next post may have its number.
    seen=lambda post: digest(*(post[name] for name in ("number", "author", "message_id", "since", "size"))),
    actions={
        "accept": _decided("accept", _("The post of %(address)s is accepted, and goes to the list.")),
        "reject": _decided(
            "reject", _("The post of %(address)s is rejected. They are told, if a key of theirs counts.")
        ),
        "discard": _decided("discard", _("The post of %(address)s is discarded; they are not told.")),
        "copy": _copy,
    },
    more=_addresses,
)

PAGE = Page(
    "held",
    "pgp/lists/<list:list_id>/held",
    {
        "GET": Method("The posts that wait for a moderator, without their content.", Role.MODERATOR, _DESK.show),
        "POST": Method(
            "Accept, reject or discard one, or have it sent to oneself, encrypted.", Role.MODERATOR, _DESK.decide
        ),
    },
)
