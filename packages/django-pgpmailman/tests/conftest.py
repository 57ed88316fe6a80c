"""The website of a test, and the Mailman that it asks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import core_server
import pytest
import website
import website_settings

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def _mailman() -> Iterator[core_server.CoreServer]:
    with core_server.core_server() as running:
        yield running


@pytest.fixture
def mailman(_mailman: core_server.CoreServer) -> core_server.CoreServer:
    """A Mailman without lists."""
    url = _mailman.url
    _mailman.__init__(url)  # type: ignore[misc]  # as new
    return _mailman


@pytest.fixture
def settings() -> Iterator[Any]:
    """The settings of the website; what is set is undone after the test."""
    website.start()
    found = website_settings.Settings()
    yield found
    found.undo()


@pytest.fixture
def web(mailman: core_server.CoreServer, settings: Any) -> Iterator[website.Website]:
    """A website without accounts, whose Mailman is `mailman`; what happens is undone."""
    from django.core.cache import cache  # noqa: PLC0415 - Django must be ready
    from django.db import transaction  # noqa: PLC0415

    settings.MAILMAN_REST_API_URL = mailman.url.removesuffix("/3.1")
    cache.clear()
    with transaction.atomic():
        yield website.Website(mailman)  # type: ignore[arg-type]  # another Mailman
        transaction.set_rollback(True)


@pytest.fixture
def people(web: website.Website, mailman: core_server.CoreServer) -> Any:
    """One person for each role on the list ants."""
    from visitors import People  # noqa: PLC0415 - Django must be ready

    return People(web, mailman)
