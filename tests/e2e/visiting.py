"""The website of a real Mailman, and the people who visit it."""

from __future__ import annotations

from dataclasses import dataclass
from html import unescape
from typing import TYPE_CHECKING, Any

import website
import website_settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from people import EncryptedList

    from mailman_pgp.sandbox import Sandbox


@dataclass(frozen=True, slots=True)
class Page:
    """What somebody sees: the status, and the text of the page."""

    status: int
    text: str
    response: Any


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody at a browser; `address` is empty for who is not signed in."""

    browser: Any
    address: str = ""

    def get(self, path: str, **headers: str) -> Page:
        """Look at a page."""
        return self._seen(self.browser.get(path, headers=headers))

    def post(self, path: str, **form: str) -> Page:
        """Send a form, and follow where it leads."""
        return self._seen(self.browser.post(path, form, follow=True))

    def _seen(self, response: Any) -> Page:
        return Page(response.status_code, unescape(response.content.decode("utf-8", "replace")), response)


@dataclass(frozen=True, slots=True)
class Site:
    """The website."""

    sandbox: Sandbox
    settings: website_settings.Settings

    def visitor(self, address: str = "", *, superuser: bool = False) -> Visitor:
        """Somebody whose account has proven this address; or somebody without an account."""
        from django.test import Client  # noqa: PLC0415 - Django must be ready

        browser = Client()
        if address:
            user = website.Website(self.sandbox).person(address)  # type: ignore[arg-type]  # a real one
            user.is_superuser = superuser
            user.save()
            browser.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        return Visitor(browser, address)

    def officer(self, role: str, mlist: EncryptedList) -> Visitor:
        """A new owner, moderator or member of a list."""
        address = f"{role}{mlist.number}@example.net"
        settled = {"pre_verified": "yes", "pre_confirmed": "yes", "pre_approved": "yes", "send_welcome_message": "no"}
        self.sandbox.rest("members", {"list_id": mlist.list_id, "subscriber": address, "role": role, **settled})
        return self.visitor(address)


def visited(sandbox: Sandbox) -> Iterator[Site]:
    """The website of a Mailman, for a test; what happens to the website is undone."""
    website.start()
    from django.core.cache import cache  # noqa: PLC0415 - Django must be ready
    from django.db import transaction  # noqa: PLC0415

    settings = website_settings.Settings()
    rest = sandbox.rest
    settings.MAILMAN_REST_API_URL = rest.url.removesuffix("/3.1")
    settings.MAILMAN_REST_API_USER = rest.user
    settings.MAILMAN_REST_API_PASS = rest.password
    settings.ALLOWED_HOSTS = ["*"]
    cache.clear()
    try:
        with transaction.atomic():
            yield Site(sandbox, settings)
            transaction.set_rollback(True)
    finally:
        settings.undo()
