"""What became of the posts of a list, for its owners; and a test message to one member, which is tried as posts are."""

from __future__ import annotations

from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from django_pgpmailman.page import Method, Page
from django_pgpmailman.paging import page_of
from django_pgpmailman.refusal_texts import said
from django_pgpmailman.roles import Role
from mailman_pgp_client import RefusedError

if TYPE_CHECKING:
    from django.http import HttpResponse

    from django_pgpmailman.page import Visit

_COUNT = 50  # posts, or people, on a page
_ROUTE = "pgp/lists/<list:list_id>/posts"


def _show(visit: Visit) -> HttpResponse:
    return _page(visit)


def _page(visit: Visit, status: HTTPStatus = HTTPStatus.OK, **context: Any) -> HttpResponse:
    posts, page = page_of(visit.request, _COUNT, visit.lists.of(visit.names["list_id"]).page_of_posts)
    return visit.show("posts.html", status, posts=posts, page=page, **context)


def _test(visit: Visit) -> HttpResponse:
    address = visit.request.POST.get("address", "").strip()
    try:
        sent = visit.lists.of(visit.names["list_id"]).test(address, visit.by)
    except RefusedError as error:
        return _page(visit, HTTPStatus(error.status), refusal=said(error), address=address)
    messages.success(visit.request, _("A test message to %(address)s is on its way.") % {"address": sent["address"]})
    return redirect("pgpmailman:post", visit.names["list_id"], sent["message_id"])


def _one(visit: Visit) -> HttpResponse:
    mailing_list, message_id = visit.lists.of(visit.names["list_id"]), visit.names["message_id"]
    try:
        post = mailing_list.post(message_id)
        reason = visit.request.GET.get("reason", "")
        chosen = {"reason": reason} if reason in {one["reason"] for one in post["reasons"]} else {}
        missed, page = page_of(visit.request, _COUNT, partial(mailing_list.page_of_missed, message_id, **chosen))
    except RefusedError as error:
        if error.code != "no-such-post":
            raise
        return visit.show("post.html", HTTPStatus(error.status), post=None, refusal=said(error))
    return visit.show("post.html", post=post, missed=missed, page=page, chosen=chosen)


PAGES = (
    Page(
        "posts",
        _ROUTE,
        {
            "GET": Method("What became of the posts of a list.", Role.OWNER, _show),
            "POST": Method("Send a test message to one member.", Role.OWNER, _test),
        },
    ),
    Page(
        "post",
        f"{_ROUTE}/<path:message_id>",
        {"GET": Method("What became of a post, and who did not get it.", Role.OWNER, _one)},
    ),
)
