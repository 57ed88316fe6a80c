"""The requests to join or to leave that wait at a list, for those who look after it."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _

from django_pgpmailman.certificate_file import certificate_file
from django_pgpmailman.deciding import Desk, digest, reason
from django_pgpmailman.page import Method, Page
from django_pgpmailman.roles import Role
from mailman_pgp_client import EncryptedList, RefusedError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.http import HttpResponse

    from django_pgpmailman.deciding import Action
    from django_pgpmailman.page import Visit


def _decided(action: str, sentence: Any) -> Action:
    def act(visit: Visit, ants: EncryptedList, request: Mapping[str, Any]) -> Any:
        ants.decide_request(request["token"], action, reason(visit) if action == "reject" else None, by=visit.by)
        return sentence % {"address": request["address"]}

    return act


def _compare(visit: Visit, ants: EncryptedList, request: Mapping[str, Any]) -> Any:
    certificate = request["certificate"]
    if certificate is None:
        raise RefusedError(HTTPStatus.CONFLICT, _("There is no key yet whose fingerprint could be compared."))
    ants.decide(request["address"], "compare", certificate["fingerprint"], by=visit.by)
    return _("It is recorded that you have compared the fingerprint of %(address)s.") % {"address": request["address"]}


def _ask(visit: Visit, ants: EncryptedList, request: Mapping[str, Any]) -> Any:
    if request["purpose"] == "leave":
        ants.challenge(request["token"], by=visit.by)
    else:  # the key that they have sent need not count yet
        ants.ask_again(request["address"], by=visit.by)
    return _("%(address)s is asked again, by an encrypted mail.") % {"address": request["address"]}


def _seen(request: Mapping[str, Any]) -> str:
    certificate = request["certificate"]
    return digest(request["token"], request["purpose"], certificate and certificate["fingerprint"])


_DESK = Desk(
    page="requests",
    ask=EncryptedList.page_of_requests,
    find=EncryptedList.request,
    name=lambda request: str(request["token"]),
    seen=_seen,
    actions={
        "accept": _decided("accept", _("The request of %(address)s is accepted.")),
        "reject": _decided(
            "reject", _("The request of %(address)s is rejected. They are told, if a key of theirs counts.")
        ),
        "discard": _decided("discard", _("The request of %(address)s is discarded; they are not told.")),
        "compare": _compare,
        "ask": _ask,
    },
)


def _file(visit: Visit) -> HttpResponse:
    return file_of(_DESK.found(visit, visit.names["token"])["certificate"])


def file_of(certificate: Mapping[str, Any] | None) -> HttpResponse:
    """A certificate (as REST has it) as a file; raises RefusedError where there is none."""
    if certificate is None:
        raise RefusedError(HTTPStatus.NOT_FOUND, _("There is no key yet."), "no-key-yet")
    return certificate_file(certificate["armored"], certificate["fingerprint"])


PAGES = (
    Page(
        "requests",
        "pgp/lists/<list:list_id>/requests",
        {
            "GET": Method("The requests that wait, for what, and with which key.", Role.MODERATOR, _DESK.show),
            "POST": Method(
                "Accept, reject or discard one, record that its fingerprint was compared, or ask its person again.",
                Role.MODERATOR,
                _DESK.decide,
            ),
        },
    ),
    Page(
        "request_certificate",
        "pgp/lists/<list:list_id>/requests/<slug:token>/certificate.asc",
        {"GET": Method("The key of a request, as a file.", Role.MODERATOR, _file)},
    ),
)
