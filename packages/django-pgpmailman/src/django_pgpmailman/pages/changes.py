"""The keys that wait for a moderator, since the ones until now have not signed for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _

from django_pgpmailman.deciding import Desk, digest
from django_pgpmailman.page import Method, Page
from django_pgpmailman.pages.requests import file_of
from django_pgpmailman.roles import Role
from mailman_pgp_client import EncryptedList

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.http import HttpResponse

    from django_pgpmailman.deciding import Action
    from django_pgpmailman.page import Visit


def _decided(action: str, sentence: Any) -> Action:
    def act(visit: Visit, ants: EncryptedList, change: Mapping[str, Any]) -> Any:
        ants.decide_change(change["token"], action, by=visit.by)
        return sentence % {"address": change["address"]}

    return act


def _chosen(change: Mapping[str, Any]) -> str:
    return change["chosen"]["fingerprint"] if change["chosen"] else ""


_DESK = Desk(
    page="changes",
    ask=EncryptedList.page_of_changes,
    find=EncryptedList.change_of,
    name=lambda change: str(change["token"]),
    seen=lambda change: digest(
        change["token"], change["certificate"]["fingerprint"], change["counting"], change["suspended"], _chosen(change)
    ),
    actions={
        "accept": _decided("accept", _("The new key counts for %(address)s from now on.")),
        "reject": _decided("reject", _("The new key of %(address)s does not count, and they are told.")),
        "discard": _decided("discard", _("The new key of %(address)s does not count; they are not told.")),
    },
)


def _file(visit: Visit) -> HttpResponse:
    return file_of(_DESK.found(visit, visit.names["token"])["certificate"])


PAGES = (
    Page(
        "changes",
        "pgp/lists/<list:list_id>/changes",
        {
            "GET": Method("The keys that wait for a moderator, beside those until now.", Role.MODERATOR, _DESK.show),
            "POST": Method("Accept, reject or discard one.", Role.MODERATOR, _DESK.decide),
        },
    ),
    Page(
        "change_certificate",
        "pgp/lists/<list:list_id>/changes/<slug:token>/certificate.asc",
        {"GET": Method("A key that waits, as a file.", Role.MODERATOR, _file)},
    ),
)
