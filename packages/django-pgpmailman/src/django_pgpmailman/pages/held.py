"""The posts that wait for a moderator: all but their content, which is read in a mail program, or where the list allows it, here.

What is shown of it is asked for by one person about one post, goes into the one page that answers, and is kept nowhere.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_variables

from django_pgpmailman import core
from django_pgpmailman.deciding import Desk, Waiting, digest, reason
from django_pgpmailman.page import Method, Page
from django_pgpmailman.permissions import addresses_of, offices_of
from django_pgpmailman.reports import without_variables
from django_pgpmailman.roles import Role
from mailman_pgp_client import EncryptedList, RefusedError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.http import HttpResponse

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


_ROUTE = "pgp/lists/<list:list_id>/held"
_NOT_FOR_YOU = _("Only who looks after the list reads this. Become an owner or moderator of it first.")

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


def _look(visit: Visit) -> HttpResponse:
    return _page(visit, _DESK.found(visit, str(visit.names["number"])))


@sensitive_variables()  # type: ignore[untyped-decorator]  # Django is untyped; reports of errors are mailed, and this is decrypted
@without_variables(RefusedError, core.TroubleError)
def _read(visit: Visit) -> HttpResponse:
    # By an address with which they look after the list: of an administrator of the site who has none, REST refuses it.
    reader = visit.by
    if reader is None:
        raise RefusedError(HTTPStatus.CONFLICT, _NOT_FOR_YOU)
    with core.asking():
        ants = visit.lists.of(visit.names["list_id"])
        # What is known of it is that of the same answer: nobody is to read one post, and see another one's signature.
        found = ants.show_held(int(visit.names["number"]), reader)
        return _page(visit, {**found, "content": None}, Content(found["content"]))


@dataclass(frozen=True, slots=True)
class Content:
    """What a post says, for the template.  Where it is told to log everything, Django logs all that a template knows, as its repr."""

    said: Mapping[str, Any] = field(repr=False)

    def __getitem__(self, name: str) -> Any:
        """A part of it, as REST names it."""
        return self.said[name]


def _page(visit: Visit, post: Mapping[str, Any], content: Content | None = None) -> HttpResponse:
    return visit.show(
        "held_post.html",
        here="held",
        thing=Waiting(str(post["number"]), _DESK.seen(post), post),
        content=content,
        desk=reverse("pgpmailman:held", args=[visit.names["list_id"]]),
        **_addresses(visit),
    )


PAGES = (
    Page(
        "held",
        _ROUTE,
        {
            "GET": Method("The posts that wait for a moderator, without their content.", Role.MODERATOR, _DESK.show),
            "POST": Method(
                "Accept, reject or discard one, or have it sent to oneself, encrypted.", Role.MODERATOR, _DESK.decide
            ),
        },
    ),
    Page(
        "held_post",
        f"{_ROUTE}/<int:number>",
        {
            "GET": Method("One of them, without its content.", Role.MODERATOR, _look),
            "POST": Method(
                "What it says, where the list allows it, for those who look after the list.", Role.MODERATOR, _read
            ),
        },
    ),
)
