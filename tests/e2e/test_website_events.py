"""A real Mailman and a website with stock Postorius and HyperKitty: what is done in Mailman is what the pages show."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from refreshed import NAMES, Change, Mailman
from websites import ServedWebsite

from django_pgpmailman.sandbox.events import settings_for
from mailman_pgp.sandbox.client import Sandbox
from mailman_pgp.sandbox.configuration import Options
from mailman_pgp.sandbox.polling import until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.deep


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedWebsite]:
    """The website.  What stock would remember for a minute it remembers until it is told."""
    made = ServedWebsite(tmp_path_factory.mktemp("website") / "web", cache="lasting.LastingCache")
    yield made
    made.stop()


@pytest.fixture(scope="module")
def site(
    tmp_path_factory: pytest.TempPathFactory, new_database: Callable[[], str | None], served: ServedWebsite
) -> Iterator[Sandbox]:
    """A Mailman that tells it of what happens."""
    directory = tmp_path_factory.mktemp("website-events")
    settings = settings_for(directory / "events.cfg", served.section)
    with Sandbox(
        directory / "sandbox", Options(plugin=False, database_url=new_database(), settings=settings)
    ) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def changes(site: Sandbox, served: ServedWebsite) -> list[dict[str, Change]]:
    """What is to be done, by its name, each twice; the website runs from here on, and knows what there is."""
    mailmans = [Mailman(site.rest, number) for number in range(2)]
    served.start_for(site.rest, [email for mailman in mailmans for email in mailman.people])
    made = [{change.name: change for change in mailman.changes()} for mailman in mailmans]
    until(lambda: said(site)["waiting"] == 0, lambda: f"the website told, {said(site)}\n{served.logs()}")
    return made


def said(site: Sandbox) -> Any:
    """How it goes with the website, as Mailman has it."""
    return site.rest("plugins/events/endpoints/web")


def is_shown(site: Sandbox, served: ServedWebsite, change: Change) -> None:
    """Wait until each process of the website shows it."""
    until(lambda: change.shown(served), lambda: f"{change.name}: shown, {said(site)}\n{served.logs()}")
    assert served.each_process(change.shown)


@pytest.mark.parametrize("name", NAMES)
def test_shown(site: Sandbox, served: ServedWebsite, changes: list[dict[str, Change]], name: str) -> None:
    """What is done is shown, though the website has shown, and remembered, the other before."""
    change = changes[0][name]
    assert not change.shown(served)
    change.do()
    is_shown(site, served, change)


@pytest.mark.parametrize("name", ["somebody leaves", "a list is made"])
def test_website_was_down(site: Sandbox, served: ServedWebsite, changes: list[dict[str, Change]], name: str) -> None:
    """What is done while the website is killed is shown when it is there again."""
    change = changes[1][name]
    assert not change.shown(served)
    served.kill()
    change.do()
    served.serve()
    is_shown(site, served, change)


@pytest.mark.parametrize("name", ["somebody joins", "a domain is deleted"])
def test_workers_are_killed(site: Sandbox, served: ServedWebsite, changes: list[dict[str, Change]], name: str) -> None:
    """So is what is done while those are killed that should take it."""
    change = changes[1][name]
    assert not change.shown(served)
    served.kill_workers()
    change.do()
    served.kill_workers()
    is_shown(site, served, change)
