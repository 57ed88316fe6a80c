"""A real browser on the website of a real Mailman: Debian's Chromium."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from peers import peer
from playwright.sync_api import sync_playwright

if TYPE_CHECKING:
    from collections.abc import Iterator

    from visiting import Visitor

_SWITCHES = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
#: What people have on a desk and in a hand: width and height.
DESK, HAND = (1280, 900), (390, 844)


@dataclass  # without slots: playwright writes into it
class Browser:
    """The browser, and the address at which the website is for it.

    :ivar complaints: What the console says went wrong with our website, such as what its policy kept from running.
    """

    chromium: Any
    address: str
    complaints: list[str] = field(default_factory=list)

    @contextmanager
    def window(self, visitor: Visitor, size: tuple[int, int] = DESK, language: str = "en-US") -> Iterator[Any]:
        """A window in which somebody is signed in as they are; a page of playwright."""
        width, height = size
        context = self.chromium.new_context(
            viewport={"width": width, "height": height}, base_url=self.address, locale=language
        )
        cookie = visitor.browser.cookies.get("sessionid")
        if cookie is not None:
            context.add_cookies([{"name": "sessionid", "value": cookie.value, "url": self.address}])
        page = context.new_page()
        page.on("console", self._note)
        try:
            yield page
        finally:
            context.close()

    def _note(self, said: Any) -> None:
        """Pictures of others, which stock pages have, are not our business."""
        if said.type == "error" and said.location["url"].startswith(self.address):
            self.complaints.append(said.text)


@contextmanager
def chromium() -> Iterator[Any]:
    """Chromium, without an address yet."""
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        # Playwright has a loop in this thread, in which Django would not touch its database.
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        found = playwright.chromium.launch(executable_path=peer("chromium"), args=list(_SWITCHES))
        try:
            yield found
        finally:
            found.close()


@contextmanager
def served(handler: Any = None) -> Iterator[str]:
    """The website at a port, with its styles (by another handler, where one is given); the address.

    Its threads see what the test has not committed.
    """
    from django.contrib.staticfiles.handlers import StaticFilesHandler  # noqa: PLC0415 - Django must be ready
    from django.core.servers.basehttp import ThreadedWSGIServer  # noqa: PLC0415
    from django.db import connections  # noqa: PLC0415
    from django.test.testcases import LiveServerThread  # noqa: PLC0415

    class Server(ThreadedWSGIServer):  # type: ignore[misc]  # Django is untyped
        daemon_threads = False  # what they use of the database is used to its end

    connection = connections["default"]
    connection.inc_thread_sharing()
    server = LiveServerThread("127.0.0.1", handler or StaticFilesHandler, connections_override={"default": connection})
    server.server_class = Server
    server.daemon = True
    server.start()
    server.is_ready.wait()
    try:
        assert server.error is None, server.error
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.terminate()
        connection.dec_thread_sharing()
