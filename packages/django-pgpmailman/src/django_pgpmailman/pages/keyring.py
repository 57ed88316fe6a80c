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
    all_or_nothing = "all_or_nothing" in visit.request.POST
    try:
        keys, by = keys_in(visit.request), visit.by
        encrypted = visit.lists.of(visit.names["list_id"])
        answer = encrypted.bring(keys, by, dry_run=not for_good, all_or_nothing=all_or_nothing)
    except UploadError as error:
        return visit.show("keyring.html", HTTPStatus.UNPROCESSABLE_ENTITY, refusal=str(error))
    except RefusedError as error:
        return visit.show("keyring.html", HTTPStatus(error.status), refusal=said(error))
    done = not answer["dry_run"]  # of all or nothing it may be nothing, though it was to be for good
    return visit.show(
        "keyring.html",
        answer=answer,
        lines=[Line(one) for one in answer["certificates"]],
        keys="" if done else keys,
        done=done,
        for_good=for_good,
        all_or_nothing=all_or_nothing,
    )


PAGE = Page(
    "keyring",
    "pgp/lists/<list:list_id>/keyring",
    {
        "GET": Method("Bring the certificates of many people at once.", Role.OWNER, _show),
        "POST": Method("Say what would become of each, or let them count.", Role.OWNER, _bring),
    },
)
