"""Views of HyperKitty and Postorius that are asked about here before they do what they do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.urls import URLPattern, URLResolver

from django_pgpmailman import archive_posting, postorius_names

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    View = Callable[..., Any]

#: What is put before a view, by the name that a pattern has for it.
GUARDS: Mapping[str, Callable[[View], View]] = {**archive_posting.GUARDS, **postorius_names.GUARDS}
_MARK = "guarded_by_pgpmailman"


def guarded(patterns: Iterable[Any]) -> list[Any]:
    """URL patterns as they are, but that these views are asked about first, at whatever depth they are."""
    return [_guarded(each) for each in patterns]


def is_guarded(view: View) -> bool:
    """Whether it is the view of a pattern that `guarded` has made."""
    return bool(getattr(view, _MARK, False))


def _guarded(pattern: Any) -> Any:
    if isinstance(pattern, URLResolver):
        below = pattern.url_patterns
        asking = guarded(below)
        if all(one is other for one, other in zip(asking, below, strict=True)):
            return pattern
        return URLResolver(pattern.pattern, asking, pattern.default_kwargs, pattern.app_name, pattern.namespace)
    if isinstance(pattern, URLPattern) and pattern.lookup_str in GUARDS and not is_guarded(pattern.callback):
        view = GUARDS[pattern.lookup_str](pattern.callback)
        setattr(view, _MARK, True)
        return URLPattern(pattern.pattern, view, pattern.default_args, pattern.name)
    return pattern
