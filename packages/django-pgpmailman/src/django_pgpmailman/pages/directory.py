"""The certificates of encrypted lists in the Web Key Directory, where mail programs look for them (draft-koch-openpgp-webkey-service).

By the direct method this website is that of the mail domain; by the advanced one it is ``openpgpkey.`` and the domain, and the path names
the domain.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from django.http import HttpResponse
from django.http.request import split_domain_port

from django_pgpmailman import core
from django_pgpmailman.page import Method, Page
from django_pgpmailman.policy import for_everybody
from django_pgpmailman.roles import Role
from mailman_pgp_client import RefusedError

if TYPE_CHECKING:
    from django_pgpmailman.page import Visit

_ROOT = ".well-known/openpgpkey"
_TYPE = "application/octet-stream"  # §3.1


def _certificate(visit: Visit) -> HttpResponse:
    domain = visit.names.get("domain") or split_domain_port(visit.request.get_host())[0]
    try:
        with core.asking():
            found = visit.lists.directory(domain, visit.names["digest"])
    except RefusedError as error:
        if error.status != HTTPStatus.NOT_FOUND:
            raise
        return _open(HttpResponse(status=int(HTTPStatus.NOT_FOUND), content_type="text/plain"))
    return _open(for_everybody(HttpResponse(found, content_type=_TYPE)))


def _policy(_visit: Visit) -> HttpResponse:
    """No policy is set; that the file is there says that the directory is (§4.5)."""
    return _open(for_everybody(HttpResponse(content_type="text/plain")))


def _open(response: HttpResponse) -> HttpResponse:
    """Let mail programs that are websites read it (§3.1)."""
    response["Access-Control-Allow-Origin"] = "*"
    return response


_CERTIFICATE = {
    "GET": Method("The certificate of a list, for mail programs (Web Key Directory).", Role.EVERYBODY, _certificate)
}
_POLICY = {"GET": Method("That there is a Web Key Directory.", Role.EVERYBODY, _policy)}

PAGES = (
    Page("wkd", f"{_ROOT}/hu/<slug:digest>", _CERTIFICATE),
    Page("wkd_policy", f"{_ROOT}/policy", _POLICY),
    Page("wkd_of_domain", f"{_ROOT}/<str:domain>/hu/<slug:digest>", _CERTIFICATE),
    Page("wkd_policy_of_domain", f"{_ROOT}/<str:domain>/policy", _POLICY),
)
