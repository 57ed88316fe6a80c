"""Pages of long collections of REST: which one is asked for, and the way to the others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.paginator import Paginator

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.core.paginator import Page
    from django.http import HttpRequest

_LONGEST = len("999999")


def asked(request: HttpRequest) -> int:
    """The number of the page that the address asks for, from 1 on; what is none is the first."""
    text = request.GET.get("page", "")
    return max(1, int(text)) if text.isascii() and text.isdigit() and len(text) <= _LONGEST else 1


def page_of(request: HttpRequest, count: int, ask: Callable[[int, int], dict[str, Any]]) -> tuple[list[Any], Page]:
    """The entries of the page that is asked for, and the page; the last one where there are not so many any more.

    :param ask: Asks for a page by its number and how many entries it has; answers as REST does.
    """
    number = asked(request)
    answer = ask(number, count)
    page = Paginator(range(answer["total_size"]), count).get_page(number)
    if page.number != number:
        answer = ask(page.number, count)
    return answer.get("entries", []), page
