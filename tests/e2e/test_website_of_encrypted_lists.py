"""A real Mailman with encrypted lists, and websites with our pages: what is done on the command line is what the pages show."""

from __future__ import annotations

import base64
import datetime as dt
import re
import time
from html import unescape
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
import website
from refreshed_lists import ASKED_EACH_TIME, NAMES, EncryptedLists
from websites import ADMINISTRATOR, ServedWebsite

from django_pgpmailman.sandbox.events import settings_for
from mailman_pgp.sandbox.client import Sandbox
from mailman_pgp.sandbox.configuration import Options
from mailman_pgp.sandbox.polling import until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from refreshed import Change

pytestmark = pytest.mark.deep

#: As `django_pgpmailman.knowledge` has it, and what a page may take from Mailman's answer until it remembers that.
_REMEMBERED_SECONDS = 20.0 + 2.0
_DOWN = (
    "[endpoint.down]\nurl: http://127.0.0.1:9/\nallow_private: yes\napi_key: nobody-will-read-this\nevents: List.*\n"
)


@pytest.fixture(scope="module")
def websites(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, ServedWebsite]]:
    """Three: one that forgets only what it is told to; one whose processes have a cache each; one that takes no events."""
    root = tmp_path_factory.mktemp("websites")
    made = {
        "told": ServedWebsite(root / "told", cache="lasting.LastingCache", with_pgp=True, name="told"),
        "alone": ServedWebsite(
            root / "alone", cache="django.core.cache.backends.locmem.LocMemCache", with_pgp=True, name="alone"
        ),
        "deaf": ServedWebsite(root / "deaf", with_events=False, with_pgp=True),
    }
    yield made
    for each in made.values():
        each.stop()


@pytest.fixture(scope="module")
def site(
    tmp_path_factory: pytest.TempPathFactory,
    new_database: Callable[[], str | None],
    websites: dict[str, ServedWebsite],
) -> Iterator[Sandbox]:
    """A Mailman that tells two of them, and an endpoint that is down."""
    directory = tmp_path_factory.mktemp("website-of-lists")
    sections = "\n".join(websites[name].section for name in ("told", "alone"))
    settings = settings_for(directory / "events.cfg", f"{sections}\n{_DOWN}")
    with Sandbox(directory / "sandbox", Options(database_url=new_database(), settings=settings)) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def changes(site: Sandbox, websites: dict[str, ServedWebsite]) -> list[dict[str, Change]]:
    """What is to be done, by its name, twice; the websites run from here on."""
    lists = [EncryptedLists(site, number) for number in range(2)]
    for each in websites.values():
        each.start_for(site.rest, [person for some in lists for person in some.people])
    made = [{change.name: change for change in some.changes()} for some in lists]
    until(lambda: all_told(site), "both websites told of what there is")
    for name in ("told", "alone"):  # they have HyperKitty's archives by events; the other by a job
        assert site.rest(f"plugins/events/endpoints/{name}")["failures"] == 0, websites[name].logs()
    websites["deaf"].catch_up()
    return made


def all_told(site: Sandbox) -> bool:
    endpoints = site.rest("plugins/events/endpoints")["entries"]
    return all(each["waiting"] == 0 for each in endpoints if each["name"] != "down")


def everywhere(change: Change, web: ServedWebsite) -> bool:
    """Whether each process shows it."""
    return web.each_process(change.shown)


def nowhere(change: Change, web: ServedWebsite) -> bool:
    """Whether no process does; they remember that from now on."""
    return web.each_process(lambda asked: not change.shown(asked))


@pytest.mark.parametrize("name", NAMES)
def test_shown(site: Sandbox, websites: dict[str, ServedWebsite], changes: list[dict[str, Change]], name: str) -> None:
    """Each process shows it as soon as the event was taken, though what it has remembered would last for good."""
    change, told = changes[0][name], websites["told"]
    assert nowhere(change, told)
    change.do()
    until(lambda: change.shown(told), lambda: f"{name}: shown\n{told.logs()}\n{site.logs()[-2000:]}")
    assert everywhere(change, told)


def test_without_a_common_cache_or_events(websites: dict[str, ServedWebsite], changes: list[dict[str, Change]]) -> None:
    """Where each process has a cache of its own, or nothing is told, each shows what is so once the cache's lifetime is over."""
    named = ("a list is encrypted", "a list is not encrypted any more", "the key of a list lives longer")
    both = [websites["alone"], websites["deaf"]]
    done = [changes[1][name] for name in named]
    assert all(nowhere(change, web) for change in done for web in both)
    for change in done:
        change.do()
    # What was remembered before is over by then, and nothing else was remembered since.
    over = time.monotonic() + _REMEMBERED_SECONDS
    until(lambda: time.monotonic() > over, "its lifetime over", 2 * _REMEMBERED_SECONDS)
    assert all(everywhere(change, web) for change in done for web in both)


@pytest.mark.parametrize("name", ASKED_EACH_TIME)
def test_asked_each_time(websites: dict[str, ServedWebsite], changes: list[dict[str, Change]], name: str) -> None:
    """What nobody remembers is shown at once, with events and without."""
    change = changes[1][name]
    assert all(nowhere(change, web) for web in websites.values())
    change.do()
    assert all(everywhere(change, web) for web in websites.values())


def test_forged_and_replayed(
    site: Sandbox, websites: dict[str, ServedWebsite], changes: list[dict[str, Change]]
) -> None:
    """Who is not Mailman, or sends once more what Mailman has sent, has nothing asked anew; Mailman's own event then has."""
    change, told = changes[1]["an encrypted list is deleted, and made anew"], websites["told"]
    raw, other = base64.b64decode(told.secret.removeprefix("whsec_")), b"somebody else's secret, as long as it"
    event_id = "evt_of_this_test"
    body = website.body(event_id, "ListCreatedEvent", {"list_id": "anew1.lists.example.com"})
    right = website.signed(event_id, body, raw=raw)
    assert told.send(body, right) == 204
    assert nowhere(change, told)
    with site.paused("events"):
        change.do()
        forged: list[tuple[bytes, dict[str, str]]] = [
            (body, website.signed(event_id, body, raw=other)),
            (body.replace(b"of_this", b"of_that"), right),
            (body, website.signed(event_id, body, raw=raw, at=time.time() - 600)),
            (body, {"Authorization": f"Token {told.key}"}),
            (body, {}),
        ]
        assert [told.send(*each) for each in forged] == [401] * len(forged)
        assert nowhere(change, told)
        assert told.send(body, right) == 204
        assert told.send(body, website.signed(event_id, body, raw=raw)) == 204
        assert nowhere(change, told)
    until(lambda: change.shown(told), lambda: f"shown\n{told.logs()}")
    assert everywhere(change, told)


def test_events_that_are_behind(
    site: Sandbox, websites: dict[str, ServedWebsite], changes: list[dict[str, Change]]
) -> None:
    """The site's admin reads which endpoint is behind, by how much, why, and what to do; of one that is well nothing; in time."""
    told = websites["told"]
    assert changes
    until(lambda: site.rest("plugins/events/endpoints/down")["failures"], "the endpoint tried")
    passes(site, dt.timedelta(minutes=5))
    page = unescape(told.page(ADMINISTRATOR, "pgp/").text)
    (sentence,) = re.findall(r"<li>(down: .*?)</li>", page)
    waiting = site.rest("plugins/events/endpoints/down")["waiting"]
    assert re.match(rf"down: It is behind by {waiting} events and \d+ minutes\. .*refused", sentence), sentence
    assert "<li>told:" not in page
    assert "<li>alone:" not in page
    site.command("events", "skip", "--endpoint", "down", "--all")
    assert "Events need a look" not in told.page(ADMINISTRATOR, "pgp/").text


def passes(site: Sandbox, span: dt.timedelta) -> None:
    """Let all that waits have waited for longer."""
    database = site.options.database_url or f"sqlite:///{site.place.var}/data/mailman.db"
    engine = sa.create_engine(database)
    deliveries = sa.table("ev_delivery", sa.column("id"), sa.column("since", sa.DateTime))
    with engine.begin() as connection:
        for number, since in connection.execute(sa.select(deliveries.c.id, deliveries.c.since)).all():
            row = sa.update(deliveries).where(deliveries.c.id == number)
            connection.execute(row.values(since=since - span))
    engine.dispose()
