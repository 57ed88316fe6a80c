"""What a browser may do with our pages: show them, with the website's own styles and pictures, and send their forms back here."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from django.conf import settings

if TYPE_CHECKING:
    from django.http import HttpResponse


def protect(response: HttpResponse) -> HttpResponse:
    """Add the headers that tell it."""
    parts = urlsplit(settings.STATIC_URL or "")
    here = f"'self' {parts.scheme or 'https'}://{parts.netloc}" if parts.netloc else "'self'"
    response["Content-Security-Policy"] = "; ".join(
        (
            "default-src 'none'",
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
