"""The website of a test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import website
import website_core
import website_settings

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch) -> Iterator[website.Website]:
    """A website without lists and accounts, and its Mailman; what happens is undone."""
    website.start()
    from django.core.cache import cache  # noqa: PLC0415 - Django must be ready
    from django.db import transaction  # noqa: PLC0415

    core = website_core.Core()
    monkeypatch.setattr("django_mailman3.lib.mailman.MailmanClient", lambda *_args: core)
    found = website.Website(core)
    cache.clear()
    with transaction.atomic():
        yield found
        transaction.set_rollback(True)
    for signal, receiver in found.receivers:
        signal.disconnect(receiver)


@pytest.fixture
def settings(web: website.Website) -> Iterator[website_settings.Settings]:
    """The settings of the website."""
    assert web
    found = website_settings.Settings()
    yield found
    found.undo()
