"""Pages of what is long: REST is asked for one, and the reader for the others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.paginator import Paginator

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.core.paginator import Page
    from django.http import HttpRequest

COUNT = 50  # entries on a page
_DIGITS = 6  # REST takes no longer numbers


def number(request: HttpRequest) -> int:
    """The number of the page that is asked for; the first one where what is asked for is no number."""
    asked = request.GET.get("page", "")
    return int(asked) or 1 if asked.isascii() and asked.isdigit() and len(asked) <= _DIGITS else 1


def page(answer: Mapping[str, Any], at: int) -> Page:
    """For the template ``pager.html``: the page `at` of a collection of which REST has answered one."""
    return Paginator(range(answer["total_size"]), COUNT).get_page(at)
