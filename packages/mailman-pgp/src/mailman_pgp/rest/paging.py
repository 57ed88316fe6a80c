"""Pages of long collections, as core's: ``page`` and ``count`` ask for one; `start`, `total_size` and `entries` answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from public import public

from mailman_pgp.exchange.refusals import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from mailman_pgp.rest.operations import Asked

T = TypeVar("T")


@public
def span(asked: Asked, total: int) -> tuple[int, int]:
    """Which entries were asked for: the first one's number, from 0 on, and how many they are at most.

    :raises Refusal: when it is not clear.
    """
    if "count" not in asked:
        if asked.get("page", 1) != 1:
            raise Refusal("invalid", "page needs a count: without it there is one page with all.")
        return 0, total
    count: int = asked["count"]
    return (asked.get("page", 1) - 1) * count, count


@public
def page(start: int, total: int, entries: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """A page; without entries it has none, as core's."""
    shown = list(entries)
    return {"start": start, "total_size": total, **({"entries": shown} if shown else {})}


@public
def page_of(
    asked: Asked, found: Sequence[T], show: Callable[[Sequence[T]], Iterable[dict[str, Any]]]
) -> dict[str, Any]:
    """The page that was asked for of all that was found; only what is on it is shown, at one go."""
    start, count = span(asked, len(found))
    return page(start, len(found), show(found[start : start + count]))
