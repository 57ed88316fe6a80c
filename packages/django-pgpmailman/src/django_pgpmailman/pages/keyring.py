"""The certificates of many people at once, for a list's owners: first what would become of each, then for good.

What was tried is carried in the form, so that it is the same that is done; nothing of it is kept between.  To send it twice does nothing
twice: what counts already is said to do so.
"""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables

from django_pgpmailman.key_files import keys_in
from django_pgpmailman.page import Method, Page
from django_pgpmailman.refusal_texts import said
from django_pgpmailman.roles import Role
from django_pgpmailman.uploads import UploadError
from django_pgpmailman.words import State
from mailman_pgp_client import RefusedError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.http import HttpResponse

    from django_pgpmailman.page import Visit

_COLOURS = {"taken": "success", "updated": "success", "same": "secondary", "recorded": "warning", "refused": "danger"}


@dataclass(frozen=True, slots=True)
class Line:
    """What became of a certificate, as REST has it; or would."""

    found: Mapping[str, Any]

    @property
    def state(self) -> State:
        """The same in a word."""
        outcome = self.found["outcome"]
        return State(_COLOURS.get(outcome, "secondary"), _(outcome))


def _show(visit: Visit) -> HttpResponse:
    return visit.show("keyring.html")


@sensitive_variables()  # type: ignore[untyped-decorator]  # it may be a secret key, and reports of errors are mailed
def _bring(visit: Visit) -> HttpResponse:
    for_good = visit.request.POST.get("action") == "bring"
    try:
        keys, by = keys_in(visit.request), visit.by
        answer = visit.lists.of(visit.names["list_id"]).bring(keys, by, dry_run=not for_good)
    except UploadError as error:
        return visit.show("keyring.html", HTTPStatus.UNPROCESSABLE_ENTITY, refusal=str(error))
    except RefusedError as error:
        return visit.show("keyring.html", HTTPStatus(error.status), refusal=said(error))
    return visit.show(
        "keyring.html",
        answer=answer,
        lines=[Line(one) for one in answer["certificates"]],
        keys="" if for_good else keys,
        for_good=for_good,
    )


PAGE = Page(
    "keyring",
    "pgp/lists/<list:list_id>/keyring",
    {
        "GET": Method("Bring the certificates of many people at once.", Role.OWNER, _show),
        "POST": Method("Say what would become of each, or let them count.", Role.OWNER, _bring),
    },
)
