"""Somebody's certificate on a list, for its owners: what it is, what was done about it, and what can be.

What is decided names the fingerprint that was seen, so a form that has become stale decides nothing about another certificate.
Only to suspend needs none: it must work at once.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables

from django_pgpmailman.certificate_file import certificate_file
from django_pgpmailman.choices import state_of, trust_in
from django_pgpmailman.key_files import keys_in
from django_pgpmailman.page import Method, Page
from django_pgpmailman.refusal_texts import said
from django_pgpmailman.roles import Role
from django_pgpmailman.uploads import UploadError
from mailman_pgp_client import RefusedError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from django.http import HttpResponse

    from django_pgpmailman.page import Visit
    from mailman_pgp_client import EncryptedList

_ROUTE = "pgp/lists/<list:list_id>/members/<address:address>"
_ONLY_A_REVOCATION = "only-a-revocation"


def _ants(visit: Visit) -> EncryptedList:
    return visit.lists.of(visit.names["list_id"])


def _found(visit: Visit) -> dict[str, Any] | None:
    """What is chosen for the address; None for nothing."""
    try:
        return _ants(visit).certificate_of(visit.names["address"])
    except RefusedError as error:
        if error.code != "no-certificate":
            raise
        return None


def _show(visit: Visit) -> HttpResponse:
    return _page(visit)


def _page(visit: Visit, refusal: str = "", status: HTTPStatus = HTTPStatus.OK, **context: Any) -> HttpResponse:
    found = _found(visit)
    return visit.show(
        "member.html",
        status,
        address=visit.names["address"],
        found=found,
        state=state_of(found) if found else None,
        trust=trust_in(found["state"]) if found else "",
        refusal=refusal,
        **context,
    )


def _file(visit: Visit) -> HttpResponse:
    found = _ants(visit).certificate_of(visit.names["address"])
    return certificate_file(found["armored"], found["address"])


@sensitive_variables()  # type: ignore[untyped-decorator]  # it may be a secret key, and reports of errors are mailed
def _act(visit: Visit) -> HttpResponse:
    act = _ACTIONS.get(visit.request.POST.get("action", ""))
    if act is None:
        return _page(visit, _("Choose what is to be done."), HTTPStatus.UNPROCESSABLE_ENTITY)
    try:
        return act(visit)
    except UploadError as error:
        return _page(visit, str(error), HTTPStatus.UNPROCESSABLE_ENTITY)
    except RefusedError as error:
        return _page(visit, said(error), HTTPStatus(error.status))


def _decide(visit: Visit) -> HttpResponse:
    action = visit.request.POST["action"]
    seen = None if action == "suspend" else _seen(visit)
    decided = _ants(visit).decide(visit.names["address"], action, seen, visit.by)
    done = {
        "approve": _("The certificate is approved."),
        "suspend": _("The certificate is suspended: nothing is encrypted to it from now on."),
        "resume": _("The certificate counts again."),
        "compare": _("It is recorded that you have compared the fingerprint."),
    }
    return _done(visit, done[action], decided["requests"])


def _remove(visit: Visit) -> HttpResponse:
    _ants(visit).remove(visit.names["address"], _seen(visit), visit.by)
    return _done(visit, _("No certificate counts for this address any more."))


def _add(visit: Visit) -> HttpResponse:
    added = _ants(visit).add(visit.names["address"], keys_in(visit.request), visit.by)
    return _done(visit, _outcome(added), added["requests"])


def _replace(visit: Visit) -> HttpResponse:
    """Before another key takes the place of one, both fingerprints are shown; a newer copy of the same key needs no look."""
    keys, seen = keys_in(visit.request), _seen(visit)
    if not visit.request.POST.get("compared"):
        new = _looked_at(visit, keys)
        if new is not None and new["fingerprint"] != "".join(seen.split()).upper():
            return _page(visit, new=new, keys=keys)
    by = visit.by
    added = _ants(visit).replace(visit.names["address"], keys, by, fingerprint=seen)
    return _done(visit, _outcome(added), added["requests"])


def _looked_at(visit: Visit, keys: str) -> Mapping[str, Any] | None:
    """The one key that was uploaded, as Mailman reads it; None for a revocation, which takes the place of nothing."""
    try:
        lines: list[Mapping[str, Any]] = _ants(visit).bring(keys, dry_run=True)["certificates"]
    except RefusedError as error:
        if error.code == _ONLY_A_REVOCATION:
            return None
        raise
    if len(lines) == 1 and lines[0]["code"] == _ONLY_A_REVOCATION:
        return None
    if len(lines) != 1 or lines[0]["fingerprint"] is None:
        raise UploadError(lines[0]["words"] if len(lines) == 1 else _("Send one key here, and no others with it."))
    return lines[0]


def _outcome(added: Mapping[str, Any]) -> str:
    if added["outcome"] == "recorded":
        return str(_("It can't be used any more, which was recorded."))
    if added["outcome"] == "updated":
        return str(_("It counted already, and this copy of it was taken."))
    return str(_("It counts now."))


def _seen(visit: Visit) -> str:
    found: str = visit.request.POST.get("fingerprint", "")
    if not found.strip():
        raise UploadError(_("Look at the certificate first, and decide then."))
    return found


def _done(visit: Visit, sentence: str, requests: Iterable[Mapping[str, Any]] = ()) -> HttpResponse:
    messages.success(visit.request, sentence)
    for request in requests:
        messages.info(visit.request, request["sentence"])
    return redirect("pgpmailman:member", visit.names["list_id"], visit.names["address"])


_ACTIONS = {
    **dict.fromkeys(("approve", "suspend", "resume", "compare"), _decide),
    "remove": _remove,
    "add": _add,
    "replace": _replace,
}

PAGES = (
    Page(
        "member_certificate",
        f"{_ROUTE}/certificate.asc",
        {"GET": Method("The certificate of somebody on a list, as a file.", Role.OWNER, _file)},
    ),
    Page(
        "member",
        _ROUTE,
        {
            "GET": Method("Somebody's certificate on a list, and all that was done about it.", Role.OWNER, _show),
            "POST": Method("Add, replace or remove it, or decide about it.", Role.OWNER, _act),
        },
    ),
)
