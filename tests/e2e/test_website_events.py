"""A real Mailman and a website with stock Postorius and HyperKitty: what is done in Mailman is what the pages show."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from refreshed import NAMES, Change, Mailman
from test_events import SETTINGS
from websites import ServedWebsite

from mailman_pgp.sandbox.client import Sandbox
from mailman_pgp.sandbox.configuration import Options
from mailman_pgp.sandbox.polling import until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.deep

# Requests to a website of two processes, each of which is to show the same.
_TIMES = 10


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
    configuration = directory / "events.cfg"
    configuration.write_text(served.section)
    lines = {**SETTINGS, "plugin.events.configuration": str(configuration)}
    settings = [f"{name}={value}" for name, value in lines.items()]
    with Sandbox(
        directory / "sandbox", Options(plugin=False, database_url=new_database(), settings=settings)
    ) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def changes(site: Sandbox, served: ServedWebsite) -> dict[str, Change]:
    """What is to be done, by its name; the website runs from here on, and knows what there is."""
    mailman = Mailman(site.rest)
    served.start(site.rest, mailman.people)
    made = {change.name: change for change in mailman.changes()}
    until(lambda: said(site)["waiting"] == 0, lambda: f"the website told, {said(site)}\n{served.logs()}")
    return made


def said(site: Sandbox) -> Any:
    """How it goes with the website, as Mailman has it."""
    return site.rest("plugins/events/endpoints/web")


@pytest.mark.parametrize("name", NAMES)
def test_shown(site: Sandbox, served: ServedWebsite, changes: dict[str, Change], name: str) -> None:
    """Each process of the website shows what is true, though it has shown, and remembered, the other before."""
    change = changes[name]
    assert not change.shown(served)
    change.do()
    until(
        lambda: change.shown(served),
        lambda: f"that {name} is shown, {said(site)}\n{served.logs()}",
    )
    assert all(change.shown(served) for _ in range(_TIMES))
