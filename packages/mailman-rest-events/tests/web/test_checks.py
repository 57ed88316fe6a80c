"""What `manage.py check` says, and whether the table is as the model has it."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest
from website import SECRET
from website_settings import DATABASE_CACHE

if TYPE_CHECKING:
    from website import Website


def said() -> dict[str, str]:
    """The sentences by their IDs."""
    from django.core.checks import run_checks  # noqa: PLC0415 - Django must be ready

    return {found.id: f"{found.msg} {found.hint or ''}" for found in run_checks(tags=["mailman_events"])}


def test_cache_of_a_process(web: Website, settings: Any) -> None:
    """A cache that each process has by itself is warned of, with what to write instead; one that all share is not."""
    assert web
    assert set(said()) == {"mailman_events.W001"}
    assert "DatabaseCache" in said()["mailman_events.W001"]
    settings.CACHES = DATABASE_CACHE
    assert said() == {}


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        (None, "There is no secret"),
        ({}, "There is no secret"),
        ([SECRET], "There is no secret"),
        ({"secrets": []}, "There is no secret"),
        ({"secrets": SECRET}, "must be a list of strings"),
        ({"secrets": [1]}, "must be a list of strings"),
        ({"secrets": ["whsec_c2hvcnQ="]}, "24 random bytes"),
        ({"secrets": [SECRET, "whsec_ä"]}, "24 random bytes"),
        ({"secrets": [SECRET], "secret": "x"}, "There are: secrets, api_keys"),
        ({"api_keys": ["x" * 15]}, "16 to 512 characters"),
        ({"api_keys": ["x" * 513]}, "16 to 512 characters"),
        ({"api_keys": ["ä" * 20]}, "16 to 512 characters"),
        ({"api_keys": ["x" * 20 + " "]}, "16 to 512 characters"),
        ({"api_keys": ["x" * 20 + "\n"]}, "16 to 512 characters"),
        ({"api_keys": [""], "secrets": [SECRET]}, "16 to 512 characters"),
    ],
)
def test_secret(web: Website, settings: Any, value: Any, sentence: str) -> None:
    """A secret that is missing or none is an error, with a sentence what to do, in which it does not stand."""
    assert web
    settings.CACHES = DATABASE_CACHE
    settings.MAILMAN_EVENTS = value
    assert set(said()) == {"mailman_events.E001"}
    assert sentence in said()["mailman_events.E001"]
    assert SECRET not in said()["mailman_events.E001"]


def test_good(web: Website, settings: Any) -> None:
    """Lists and tuples, secrets or keys or both."""
    assert web
    settings.CACHES = DATABASE_CACHE
    for value in (
        {"secrets": (SECRET,)},
        {"api_keys": ["x" * 16]},
        {"secrets": [SECRET, SECRET], "api_keys": ["x" * 40]},
    ):
        settings.MAILMAN_EVENTS = value
        assert said() == {}


def test_address(web: Website, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A website to which no event can be sent is warned of."""
    assert web
    empty = ModuleType("empty_urls")
    empty.urlpatterns = []  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "empty_urls", empty)
    settings.CACHES = DATABASE_CACHE
    settings.ROOT_URLCONF = "empty_urls"
    assert set(said()) == {"mailman_events.W002"}
    assert 'include("mailman_rest_events.django.urls")' in said()["mailman_events.W002"]


def test_nothing_shown(web: Website) -> None:
    """What the settings hold is in no repr."""
    from mailman_rest_events.django import configuration  # noqa: PLC0415 - Django must be ready

    assert web
    assert SECRET in configuration.load().secrets
    assert SECRET not in repr(configuration.load())


def test_migrations(web: Website) -> None:
    """The migrations make just what the model says."""
    from django.core.management import call_command  # noqa: PLC0415 - Django must be ready

    assert web
    call_command("makemigrations", "mailman_events", check=True, dry_run=True, verbosity=0)
