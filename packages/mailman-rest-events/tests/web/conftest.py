"""The website of a test."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import website
import website_core

if TYPE_CHECKING:
    from collections.abc import Iterator


class Settings:
    """The settings of the website; what is set is undone after the test."""

    def __init__(self) -> None:
        self._changed: list[Any] = []

    def __setattr__(self, name: str, value: Any) -> None:
        if name.startswith("_"):
            super().__setattr__(name, value)
            return
        from django.test.utils import override_settings  # noqa: PLC0415 - Django must be ready

        self._changed.append(override_settings(**{name: value}))
        self._changed[-1].enable()

    def undo(self) -> None:
        """The last first."""
        while self._changed:
            self._changed.pop().disable()


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
def settings(web: website.Website) -> Iterator[Settings]:
    """The settings of the website."""
    assert web
    found = Settings()
    yield found
    found.undo()
