"""What the website's settings say of us; all of it may be left out.

PGPMAILMAN = {"root_urls": "project.urls", "seconds": 5}
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.urls import URLResolver

if TYPE_CHECKING:
    from collections.abc import Iterable

#: The URLs of the projects that are known: mailman-web, then those of docker-mailman and Debian.
KNOWN_ROOTS = ("mailman_web.urls", "urls")
_LEAST_SECONDS, _MOST_SECONDS = 0.1, 60


class ConfigurationError(Exception):
    """The settings are not in order; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Configuration:
    """What is chosen.

    :ivar root_urls: The module that was ROOT_URLCONF before us.
    :ivar seconds: How long Mailman Core may take for one answer.
    """

    root_urls: str
    seconds: float


def load() -> Configuration:
    """What the settings say; raises ConfigurationError."""
    found = getattr(settings, "PGPMAILMAN", {})
    options = Configuration.__dataclass_fields__
    if not isinstance(found, dict) or not found.keys() <= options.keys():
        raise ConfigurationError(f"PGPMAILMAN must be a dictionary. Its options are: {', '.join(options)}.")
    return Configuration(_root(found.get("root_urls")), _seconds(found.get("seconds", 5)))


def has_app(patterns: Iterable[Any], name: str) -> bool:
    """Whether URL patterns lead to an app of this `app_name`, at whatever depth."""
    return any(
        each.app_name == name or has_app(each.url_patterns, name) for each in patterns if isinstance(each, URLResolver)
    )


def _root(given: Any) -> str:
    if given is not None and not isinstance(given, str):
        raise ConfigurationError("PGPMAILMAN: root_urls must be the name of a module, as ROOT_URLCONF was before.")
    for name in KNOWN_ROOTS if given is None else (given,):
        if _is_there(name):
            return name
    raise ConfigurationError(
        "The URLs of this website are not found. Write into the settings "
        'PGPMAILMAN = {"root_urls": "project.urls"}, with what ROOT_URLCONF was before django_pgpmailman.site_urls.'
    )


def _is_there(name: str) -> bool:
    try:
        return name != "django_pgpmailman.site_urls" and find_spec(name) is not None
    except (ImportError, ValueError):  # its package is not there; the name is empty, or has a dot too many
        return False


def _seconds(given: Any) -> float:
    if isinstance(given, bool) or not isinstance(given, int | float) or not _LEAST_SECONDS <= given <= _MOST_SECONDS:
        raise ConfigurationError(f"PGPMAILMAN: seconds must be a number from {_LEAST_SECONDS} to {_MOST_SECONDS}.")
    return float(given)
