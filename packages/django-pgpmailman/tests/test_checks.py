"""What `manage.py check` says, and the settings."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest
from core_server import RefusedError
from website_settings import DATABASE_CACHE

if TYPE_CHECKING:
    from pathlib import Path

    from core_server import CoreServer
    from website import Website

pytestmark = pytest.mark.usefixtures("web")


@pytest.fixture(autouse=True)
def _whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An installation for which npm was there."""
    found = tmp_path / "whole/static/django_pgpmailman/openpgp/openpgp.js"
    found.parent.mkdir(parents=True)
    found.touch()
    monkeypatch.setattr("django_pgpmailman.key_check.__file__", str(tmp_path / "whole/key_check.py"))


def said(*, deploy: bool = False) -> dict[str, str]:
    """The sentences by their IDs."""
    from django.core.checks import run_checks  # noqa: PLC0415 - Django must be ready

    found = run_checks(tags=["pgpmailman"], include_deployment_checks=deploy)
    return {each.id: f"{each.msg} {each.hint or ''}" for each in found}


def test_good(settings: Any) -> None:
    """Nothing is said of a website that is in order."""
    settings.CACHES = DATABASE_CACHE
    assert said() == {}
    assert said(deploy=True) == {}


def test_order(settings: Any) -> None:
    """Behind postorius our templates are not found; without it there is nothing beside which to stand."""
    from django.conf import settings as present  # noqa: PLC0415 - Django must be ready

    others = [name for name in present.INSTALLED_APPS if name != "django_pgpmailman"]
    settings.INSTALLED_APPS = [*others, "django_pgpmailman"]
    assert 'INSTALLED_APPS = ["django_pgpmailman", *INSTALLED_APPS]' in said()["pgpmailman.E002"]


@pytest.mark.parametrize("earlier", ["postorius", "hyperkitty"])
def test_order_by_each(settings: Any, earlier: str) -> None:
    """What stands before us is named."""
    from django.conf import settings as present  # noqa: PLC0415 - Django must be ready

    settings.INSTALLED_APPS = [earlier, *(name for name in present.INSTALLED_APPS if name != earlier)]
    from django_pgpmailman.checks import order  # noqa: PLC0415

    assert [f"stands behind {earlier} in" in found.msg for found in order()] == [True]


def test_without_postorius(settings: Any) -> None:
    """Without Postorius there is nothing beside which to stand."""
    from django.conf import settings as present  # noqa: PLC0415 - Django must be ready

    settings.INSTALLED_APPS = [name for name in present.INSTALLED_APPS if name != "postorius"]
    from django_pgpmailman.checks import order  # noqa: PLC0415

    assert [found.id for found in order()] == ["pgpmailman.E001"]


def test_cache(settings: Any) -> None:
    """A cache of each process is warned of once: where events come in, by their own check."""
    assert said() == {}
    from django.conf import settings as present  # noqa: PLC0415 - Django must be ready

    settings.INSTALLED_APPS = [name for name in present.INSTALLED_APPS if name != "mailman_rest_events.django"]
    from django_pgpmailman.checks import cache  # noqa: PLC0415

    assert ["createcachetable" in found.hint for found in cache()] == [True]
    settings.CACHES = DATABASE_CACHE
    assert cache() == []


def test_addresses(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A website in whose addresses ours are not is told so; a project may have them in its own way."""
    other = ModuleType("other_urls")
    other.urlpatterns = []  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "other_urls", other)
    settings.ROOT_URLCONF = "other_urls"
    assert 'ROOT_URLCONF = "django_pgpmailman.site_urls"' in said()["pgpmailman.E004"]
    from django.urls import clear_url_caches, include, path  # noqa: PLC0415 - Django must be ready

    other.urlpatterns = [path("x/", include("django_pgpmailman.urls"))]  # type: ignore[attr-defined]
    clear_url_caches()
    assert said() == {}


def test_openpgp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A build without OpenPGP.js is warned of, for what it lacks shows nowhere else."""
    monkeypatch.setattr("django_pgpmailman.key_check.__file__", str(tmp_path / "key_check.py"))
    assert "apt install npm" in said()["pgpmailman.W004"]
    there = tmp_path / "static/django_pgpmailman/openpgp/openpgp.js"
    there.parent.mkdir(parents=True)
    there.touch()
    assert said() == {}


def test_stock_views_that_are_not_asked_about(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A project with addresses of its own is told what HyperKitty's and Postorius' would do, and what to write."""
    from django.urls import clear_url_caches, include, path  # noqa: PLC0415 - Django must be ready

    from django_pgpmailman.sandbox.urls import urlpatterns as stock  # noqa: PLC0415
    from django_pgpmailman.stock_views import guarded  # noqa: PLC0415

    other = ModuleType("other_urls")
    patterns = [path("", include("django_pgpmailman.urls")), *stock]
    other.urlpatterns = patterns  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "other_urls", other)
    settings.ROOT_URLCONF = "other_urls"
    found = said()
    assert sorted(found) == ["pgpmailman.E005", "pgpmailman.E006"]
    for text in found.values():
        assert "urlpatterns = django_pgpmailman.stock_views.guarded(urlpatterns)" in text
    other.urlpatterns = guarded(patterns)  # type: ignore[attr-defined]
    clear_url_caches()
    assert said() == {}


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ("urls", "must be a dictionary"),
        ({"url": "x"}, "Its options are: root_urls, seconds."),
        ({"root_urls": "no.such.module"}, "are not found"),
        ({"root_urls": ""}, "are not found"),
        ({"root_urls": "django_pgpmailman.site_urls"}, "are not found"),
        ({"root_urls": 7}, "the name of a module"),
        ({}, "are not found"),
        ({"root_urls": "django_pgpmailman.sandbox.urls", "seconds": "5"}, "seconds must be a number"),
        ({"root_urls": "django_pgpmailman.sandbox.urls", "seconds": 0}, "seconds must be a number"),
        ({"root_urls": "django_pgpmailman.sandbox.urls", "seconds": True}, "seconds must be a number"),
    ],
)
def test_settings(settings: Any, value: Any, sentence: str) -> None:
    """What is wrong in the settings is named, with what to write."""
    settings.PGPMAILMAN = value
    assert sentence in said()["pgpmailman.E003"]


def test_known_projects(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The addresses of mailman-web, and those of docker-mailman and Debian, are found without a setting."""
    from django_pgpmailman import configuration  # noqa: PLC0415 - Django must be ready

    settings.PGPMAILMAN = {}
    for known in ("urls", "mailman_web.urls"):
        monkeypatch.setattr(configuration, "_is_there", lambda name, known=known: name == known)
        assert configuration.load().root_urls == known


def test_pages_of_before(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """All addresses of before are there, and what the project shows when something is wrong."""
    import importlib  # noqa: PLC0415 - here only

    from django.urls import reverse  # noqa: PLC0415 - Django must be ready

    assert reverse("list_index") == "/mailman3/lists/"
    other = ModuleType("other_urls")
    other.urlpatterns = []  # type: ignore[attr-defined]
    other.handler404 = "some.view"  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "other_urls", other)
    monkeypatch.setattr("django_pgpmailman.configuration._is_there", lambda _name: True)
    settings.PGPMAILMAN = {"root_urls": "other_urls"}
    found = importlib.import_module("django_pgpmailman.site_urls")
    try:
        assert importlib.reload(found).handler404 == "some.view"
    finally:
        monkeypatch.undo()
        settings.undo()
        del found.handler404
        importlib.reload(found)


def test_mailman_is_asked_on_demand_only(mailman: CoreServer) -> None:
    """What asks Mailman waits for `check --deploy`."""
    mailman.paths()
    said()
    assert mailman.paths() == []


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (RefusedError(404, "Not Found"), "lacks the plugin"),
        (RefusedError(401, "Unauthorized"), "does not let this website in"),
        (ConnectionResetError(), "does not answer"),
    ],
)
def test_plugin(mailman: CoreServer, error: Exception, sentence: str) -> None:
    """That Mailman does not answer, or lacks the plugin, is a warning: the website starts all the same."""

    def instead(_path: str) -> None:
        raise error

    mailman.instead = instead
    assert sentence in said(deploy=True)["pgpmailman.W002"]


def test_plugin_that_is_not_in_order(mailman: CoreServer, monkeypatch: pytest.MonkeyPatch, web: Website) -> None:
    """What the plugin says of itself is handed on, with the mend."""
    assert web
    problems = [{"problem": "A line is missing.", "mend": "Add it."}]
    monkeypatch.setattr(type(mailman), "_pgp", lambda *_: {"healthy": False, "problems": problems})
    found = said(deploy=True)["pgpmailman.W003"]
    assert "A line is missing. Add it." in found
