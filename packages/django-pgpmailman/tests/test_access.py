"""Who may ask for which page, by which method: every page, every method, every role, and another list's address."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from core_certificates import ANNE
from core_server import TOKEN
from visitors import ANTS, BEES, People

from django_pgpmailman.roles import Role

if TYPE_CHECKING:
    from collections.abc import Iterator

    from core_server import CoreServer
    from website import Website

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
DENIED = {302, 403}
POST = "post@example.com"


def address(route: str, list_id: str, role: Role = Role.EVERYBODY) -> str:
    """An address of a page, about a list; to the visitor who has this role, about themselves."""
    local = list_id.partition(".")[0]
    names = {
        "list_id": list_id,
        "domain": "example.com",
        "digest": f"{local}-in-z-base-32",
        "address": ANNE,
        "message_id": POST,
        "own_address": f"{role.name.lower()}@example.com",
        "token": TOKEN,
    }
    return "/" + re.sub(r"<\w+:(\w+)>", lambda found: names[found[1]], route)


def pages() -> Any:
    """All pages, once Django is ready."""
    from django_pgpmailman.pages import PAGES  # noqa: PLC0415 - Django must be ready

    return PAGES


def visits(people: People, list_id: str) -> Iterator[tuple[Any, str, Role, Any]]:
    """All pages about a list as everybody meets them: page, method, who they are, the response."""
    for role in Role:
        client = people.client(role)
        client.defaults["SERVER_NAME"] = "example.com"
        for page in pages():
            for method in METHODS:
                yield page, method, role, client.generic(method, address(page.route, list_id, role))


@pytest.fixture
def hosts(settings: Any) -> None:
    """The website is that of the mail domain, too."""
    settings.ALLOWED_HOSTS = ["example.com", "testserver"]


@pytest.mark.usefixtures("hosts")
def test_everybody_everywhere(people: People) -> None:
    """A page answers a person who has the role that its table names, and nobody else; and it answers no other method."""
    wrong = []
    for page, method, role, response in visits(people, ANTS):
        named = page.methods.get("GET" if method == "HEAD" else method)
        if named is None:
            as_it_should = response.status_code == 405
        elif role >= named.role:
            as_it_should = response.status_code not in DENIED | {404, 405, 500} or (
                method == "POST" and response.status_code == 302 and "login" not in response["Location"]
            )
        else:
            as_it_should = response.status_code in DENIED
        if not as_it_should:
            wrong.append((page.name, method, role.name, response.status_code))
    assert wrong == []


@pytest.mark.usefixtures("hosts")
def test_another_list(people: People) -> None:
    """Who is something on one list is nothing on another, by whatever address it is asked for."""
    wrong = []
    for name in (BEES, BEES.upper()):
        for page, method, role, response in visits(people, name):
            named = page.methods.get("GET" if method == "HEAD" else method)
            if named is None or not named.role.of_list or role is Role.SITE_ADMIN:
                continue
            if response.status_code not in DENIED:
                wrong.append((page.name, method, role.name, response.status_code))
    assert wrong == []


def test_addresses_of_others(people: People, mailman: CoreServer) -> None:
    """What is about an address of the visitor's own is shown of nobody else's, whatever they are; and Mailman is not asked."""
    own = [page for page in pages() if "<own:own_address>" in page.route]
    assert own
    mailman.paths()
    for page in own:
        for method in page.methods:
            for visitor in Role:
                for whose in set(Role) - {visitor}:
                    for spelt in (str.lower, str.upper):
                        path = spelt(address(page.route, ANTS, whose).rpartition("/")[2])
                        asked = address(page.route, ANTS).rpartition("/")[0] + "/" + path
                        assert people.client(visitor).generic(method, asked).status_code in DENIED
    assert not any("plugins" in path for path in mailman.paths())


@pytest.mark.parametrize(
    "name", ["..", ".", "%2e%2e", "ants.example.com%2f..%2fbees.example.com", "a..b", "a%3fb", "a%00b", "a%0ab"]
)
def test_names_that_lead_elsewhere(people: People, mailman: CoreServer, name: str) -> None:
    """What is no list-id has no page, and Mailman is not asked for it."""
    for role in (Role.EVERYBODY, Role.OWNER, Role.SITE_ADMIN):
        for page in ("settings", "certificate.asc"):
            assert people.client(role).get(f"/pgp/lists/{name}/{page}").status_code == 404
    assert not any("plugins" in path for path in mailman.paths())


def test_a_stranger_is_sent_to_sign_in(people: People) -> None:
    """Who is not signed in can do so, and comes back; what they send is not taken."""
    client = people.client(Role.EVERYBODY)
    response = client.get(f"/pgp/lists/{ANTS}/settings")
    assert response["Location"] == f"/accounts/login/?next=/pgp/lists/{ANTS}/settings"
    assert client.post(f"/pgp/lists/{ANTS}/settings").status_code == 403


def test_refusal_says_for_whom_the_page_is(people: People) -> None:
    """Who may not is told for whom the page is."""
    response = people.client(Role.MODERATOR).get(f"/pgp/lists/{ANTS}/members")
    assert "This page is for owners of the list." in response.content.decode()


def is_at_least(*asked: Any) -> bool:
    from django_pgpmailman import permissions  # noqa: PLC0415 - Django must be ready

    return permissions.is_at_least(*asked)


def core() -> Any:
    from django_pgpmailman.core import client  # noqa: PLC0415 - Django must be ready

    return client()


def test_roles_of_lists(people: People) -> None:
    """Each role holds those below it, on its own list only; and asked about one list after another, each has its own answer."""
    found = core()
    ants, bees = found.get_list(ANTS), found.get_list(BEES)
    for role in (Role.MEMBER, Role.MODERATOR, Role.OWNER):
        for who, user in people.users.items():
            for mlist, here in ((ants, True), (bees, False), (ants, True)):
                expected = who is Role.SITE_ADMIN or (here and who >= role)
                assert is_at_least(role, user, found, mlist) is expected, (role, who, mlist)


def test_no_list(people: People) -> None:
    """A role on a list is nothing without one."""
    assert not is_at_least(Role.OWNER, people.users[Role.OWNER], core())


def test_addresses_that_are_not_proven(people: People, web: Website, mailman: CoreServer) -> None:
    """An address that somebody has only named makes them nothing."""
    liar = web.person("liar@example.com", verified=False)
    mailman.mlist("cats@example.com", owner=["liar@example.com"])
    found = core()
    assert not is_at_least(Role.OWNER, liar, found, found.get_list("cats.example.com"))
    assert people


def test_account_that_is_closed(people: People) -> None:
    """A superuser whose account is closed is nobody."""
    admin = people.users[Role.SITE_ADMIN]
    admin.is_active = False
    assert not is_at_least(Role.SITE_ADMIN, admin, core())


@pytest.mark.parametrize(
    ("theirs", "listed", "same"),
    [
        ("Olga@Example.COM", "olga@example.com", True),
        ("ol\N{KELVIN SIGN}ga@example.com", "olkga@example.com", False),
        ("\N{LATIN SMALL LETTER LONG S}am@example.com", "sam@example.com", False),
        ("*@example.com", "olga@example.com", False),
        ("*", "olga@example.com", False),
    ],
)
def test_addresses_that_look_the_same(
    web: Website, mailman: CoreServer, theirs: str, listed: str, *, same: bool
) -> None:
    """Letters of ASCII are folded and no others; an address that core would take for a pattern finds nobody."""
    user = web.person(theirs)
    found = core()
    for role in (Role.OWNER, Role.MODERATOR, Role.MEMBER):
        mlist = found.get_list(mailman.mlist(f"{role.name.lower()}s@example.com", **{role.name.lower(): [listed]}))
        assert is_at_least(role, user, found, mlist) is same


def test_forged_forms(people: People, web: Website, mailman: CoreServer) -> None:
    """A form that does not come from our page changes nothing."""
    client = web.client
    client.force_login(people.users[Role.OWNER], backend="django.contrib.auth.backends.ModelBackend")
    mailman.paths()
    response = client.post(f"/pgp/lists/{ANTS}/settings", {"initial-footer_note": "True"})
    assert response.status_code == 403
    assert mailman.paths() == []


@pytest.mark.usefixtures("hosts")
def test_policy(people: People, mailman: CoreServer) -> None:
    """No page of ours lets a browser run a script, or be shown within another one; also when something is wrong."""
    responses = [response for _, _, _, response in visits(people, ANTS)]
    mailman.plugin = False
    responses += [response for _, _, _, response in visits(people, ANTS)]
    for response in responses:
        policy = response["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "script" not in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert response["X-Content-Type-Options"] == "nosniff"
        if "html" in response.get("Content-Type", ""):
            assert not re.search(r"<script|<style|style=|javascript:| on[a-z]+=", response.content.decode())


def test_policy_of_other_places(people: People, settings: Any) -> None:
    """Where styles lie on another server, that one is let in."""
    settings.STATIC_URL = "https://static.example.org/mailman/"
    policy = people.client(Role.SITE_ADMIN).get("/pgp/")["Content-Security-Policy"]
    assert "style-src 'self' https://static.example.org;" in policy


def test_password(people: People) -> None:
    """The password of Mailman's REST is in no repr of ours."""
    from django_pgpmailman.page import Visit  # noqa: PLC0415 - Django must be ready

    assert people
    found = core()
    assert "restpass" in repr(found)
    assert "restpass" not in repr(Visit(None, {}, found, found.get_list(ANTS)))  # type: ignore[arg-type]  # no request is needed


def test_nothing_kept(people: People) -> None:
    """What is not for everybody is kept by no cache on the way."""
    assert "no-store" in people.client(Role.OWNER).get(f"/pgp/lists/{ANTS}/settings")["Cache-Control"]
    assert "no-store" in people.client(Role.OWNER).get("/pgp/")["Cache-Control"]


def test_documentation(web: Website) -> None:
    """The manual has the table of pages and roles; `python -m django_pgpmailman` prints it."""
    from django_pgpmailman.manual import table  # noqa: PLC0415 - Django must be ready

    assert web
    manual = Path(__file__).parents[3] / "docs/web.md"
    assert table(pages()) in manual.read_text("utf-8")
