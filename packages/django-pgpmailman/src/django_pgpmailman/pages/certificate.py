"""The certificate of a list as a file, for everybody."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django_pgpmailman.certificate_file import certificate_file
from django_pgpmailman.page import Method, Page
from django_pgpmailman.policy import for_everybody
from django_pgpmailman.roles import Role

if TYPE_CHECKING:
    from django.http import HttpResponse

    from django_pgpmailman.page import Visit


def _show(visit: Visit) -> HttpResponse:
    found = visit.lists.of(visit.names["list_id"]).certificate()
    return for_everybody(certificate_file(found["armored"], found["list_id"]))


PAGE = Page(
    "certificate",
    "pgp/lists/<list:list_id>/certificate.asc",
    {"GET": Method("The certificate of an encrypted list, as a file.", Role.EVERYBODY, _show)},
)
