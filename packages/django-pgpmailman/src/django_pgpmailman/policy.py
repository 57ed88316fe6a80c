"""What a browser may do with our pages: show them, with the website's own styles and pictures, and send their forms back here.

Scripts run on those pages only that look at a key before it is sent, and none but those that the page names, by a number of its own: what
people put into archives is at the same host.  Nobody on the way keeps a page, but for what is the same for everybody (`for_everybody`).
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.cache import add_never_cache_headers, patch_cache_control

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

_NONCE = "_pgpmailman_nonce"


# A list may get another key, or its key a longer life.
_KEPT_SECONDS = 300


def for_everybody(response: HttpResponse) -> HttpResponse:
    """Let caches on the way keep it for a short while."""
    patch_cache_control(response, public=True, max_age=_KEPT_SECONDS)
    return response


def nonce(request: HttpRequest) -> str:
    """The number by which a script of this page runs; with it, the page is one that has scripts."""
    if not hasattr(request, _NONCE):
        setattr(request, _NONCE, secrets.token_urlsafe(16))
    return str(getattr(request, _NONCE))


def protect(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Add the headers that tell it."""
    if not response.has_header("Cache-Control"):
        add_never_cache_headers(response)
    parts = urlsplit(settings.STATIC_URL or "")
    here = f"'self' {parts.scheme or 'https'}://{parts.netloc}" if parts.netloc else "'self'"
    response["Content-Security-Policy"] = "; ".join(
        (
            "default-src 'none'",
            *([f"script-src 'nonce-{nonce(request)}'"] if hasattr(request, _NONCE) else []),
            f"style-src {here}",
            f"font-src {here}",
            f"img-src {here} data:",  # Bootstrap's own arrows and marks are data within its styles
            "form-action 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        )
    )
    response["X-Content-Type-Options"] = "nosniff"
    response["Referrer-Policy"] = "same-origin"
    return response
