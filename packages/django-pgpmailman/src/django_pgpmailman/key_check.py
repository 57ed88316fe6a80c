"""What the key check of a page is made of: a script of ours, and OpenPGP.js, which a build without npm does not have."""

from __future__ import annotations

from pathlib import Path

from django.templatetags.static import static

_OWN, _OPENPGP = "django_pgpmailman/key_check.js", "django_pgpmailman/openpgp/openpgp.js"


def is_whole() -> bool:
    """Whether OpenPGP.js is there.  Without it, secret keys are refused all the same, but no key is shown before it is sent."""
    return (Path(__file__).with_name("static") / _OPENPGP).is_file()


def addresses() -> tuple[str, str]:
    """Where a browser gets our script, and OpenPGP.js; empty where it does not."""
    return _address(_OWN), _address(_OPENPGP) if is_whole() else ""


def _address(name: str) -> str:
    try:
        return str(static(name))
    except ValueError:  # of Django's storage with hashes in its names, where `collectstatic` has not seen it
        return ""
