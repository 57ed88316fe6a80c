"""What a page costs: how often Mailman is asked, and the website's own database; and that it is no more for a long list."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from core_answers import CHANGE, HELD, REQUEST
from core_certificates import ANNE, chosen, member, post
from test_access import POST, address, pages
from visitors import ANTS, People

from django_pgpmailman.roles import Role

if TYPE_CHECKING:
    from core_server import CoreServer

FEW, MANY = 2, 40
MOST_CALLS = 3  # of our part of Mailman's REST


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one page: calls of our part of REST and of that of the events, of core's own, and queries of Django."""

    ours: int
    core: int
    queries: int


def filled(mailman: CoreServer, visitor: str, count: int) -> None:
    """Let there be so much of everything: people, what waits, posts, lists, and places where the visitor is."""
    mailman.rosters[ANTS]["member"] += [f"member{number}@example.com" for number in range(count)]
    mailman.certificates.members = [member(f"member{number}@example.com") for number in range(count)]
    mailman.certificates.posts = {POST: post(POST)}
    mailman.certificates.posts |= {f"{number}@example.com": post(f"{number}@example.com") for number in range(count)}
    mailman.certificates.chosen[ANNE] = chosen(ANNE, events=chosen(ANNE)["events"] * count)
    for kind, one, name in (("requests", REQUEST, "token"), ("changes", CHANGE, "token"), ("held", HELD, "number")):
        others = [{**one, name: number + 1000 if kind == "held" else f"abc{number}"} for number in range(count)]
        mailman.waiting[kind][ANTS] = [dict(one), *others]
    for number in range(count):
        list_id = mailman.mlist(f"list{number}@example.com")
        mailman.people.stands(list_id, visitor)
    mailman.events = {
        "": {"well": False, "attention": ["Nothing sends events."]},
        "endpoints": {"entries": [{"name": f"web{number}", "attention": ["Behind."]} for number in range(count)]},
    }


def measured(people: People, mailman: CoreServer, count: int) -> dict[str, Cost]:
    """What each page costs who may just see it, by its path; nothing is remembered from before."""
    from django.core.cache import cache  # noqa: PLC0415 - Django must be ready
    from django.db import connection  # noqa: PLC0415
    from django.test.utils import CaptureQueriesContext  # noqa: PLC0415

    found = {}
    people.client(Role.LOGGED_IN).get("/pgp/keys")  # each process of the website learns its own name once
    for page in pages():
        role = page.methods["GET"].role
        filled(mailman, f"{role.name.lower()}@example.com", count)
        client = people.client(role)
        client.defaults["SERVER_NAME"] = "example.com"
        cache.clear()
        mailman.paths()
        with CaptureQueriesContext(connection) as queries:
            response = client.get(address(page.route, ANTS, role))
        assert response.status_code == 200, page.name
        paths = mailman.paths()
        ours = [path for path in paths if "/plugins/" in path]
        found[page.route] = Cost(len(ours), len(paths) - len(ours), len(queries))
    return found


@pytest.fixture
def _hosts(settings: Any) -> None:
    """The website is that of the mail domain, too."""
    settings.ALLOWED_HOSTS = ["example.com", "testserver"]


@pytest.mark.usefixtures("_hosts")
def test_length(people: People, mailman: CoreServer) -> None:
    """No page costs more with many of everything than with few, or makes more than three calls; the manual has the table."""
    few, many = measured(people, mailman, FEW), measured(people, mailman, MANY)
    assert few == many
    assert {route: cost for route, cost in few.items() if cost.ours > MOST_CALLS} == {}
    manual = (Path(__file__).parents[3] / "docs/web.md").read_text("utf-8")
    assert table(few) in manual


def table(costs: dict[str, Cost]) -> str:
    """The table of the manual."""
    from django_pgpmailman.manual import path  # noqa: PLC0415 - Django must be ready

    head = "| | calls of ours | calls of core's | queries |\n| --- | --- | --- | --- |\n"
    return head + "".join(
        f"| `{path(route)}` | {cost.ours} | {cost.core} | {cost.queries} |\n" for route, cost in costs.items()
    )
