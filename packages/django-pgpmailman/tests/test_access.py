"""Who may ask for which page, by which method: every page, every method, every role, and another list's address."""

from __future__ import annotations

import itertools
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from core_answers import TOKEN
from core_certificates import ANNE
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
        "number": "7",
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


@pytest.mark.usefixtures("hosts")
def test_names_of_lists_are_not_found_out(people: People, mailman: CoreServer) -> None:
    """Who is nothing on a list is answered in one way, whether it is encrypted, plain, or not there.

    Pages that are not for people of the list tell those that are encrypted from others, and no more.
    """
    mailman.mlist("wasp@example.com", encrypted=False)
    about_a_list = [page for page in pages() if "<list:list_id>" in page.route]
    for page, role in itertools.product(about_a_list, (Role.EVERYBODY, Role.LOGGED_IN)):
        client = people.client(role)
        for method, named in page.methods.items():
            answers = []
            for name in ("wasp", "moth", "bees")[: 3 if named.role.of_list else 2]:
                response = client.generic(method, address(page.route, f"{name}.example.com", role))
                headers = {key: value.replace(name, "") for key, value in response.items() if key != "Expires"}
                answers.append((response.status_code, response.content.decode().replace(name, ""), headers))
            assert answers == answers[:1] * len(answers), (page.name, method, role)


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
    """A form that does not come from our page changes nothing, on no page and whosever browser sends it."""
    client = web.client
    for role in (Role.LOGGED_IN, Role.OWNER, Role.SITE_ADMIN):
        client.force_login(people.users[role], backend="django.contrib.auth.backends.ModelBackend")
        mailman.paths()
        for page in pages():
            if "POST" in page.methods:
                form = {"action": "accept", "initial-footer_note": "True", "csrfmiddlewaretoken": "x" * 64}
                assert client.post(address(page.route, ANTS, role), form).status_code == 403, page.name
        assert mailman.paths() == []


def is_public(response: Any) -> bool:
    """Whether what was asked for is for everybody, and caches may keep it for a short while."""
    path = response.request["PATH_INFO"]
    return response["Cache-Control"] == "public, max-age=300" and (
        "/.well-known/" in path or path.endswith("example.com/certificate.asc")
    )


@pytest.mark.usefixtures("hosts")
def test_policy(people: People, mailman: CoreServer) -> None:
    """No page of ours is shown within another one, kept on the way, or runs a script but the one that looks at a key, by a number that
    nobody knows before; also when something is wrong.
    """
    responses = [response for _, _, _, response in visits(people, ANTS)]
    mailman.plugin = False
    responses += [response for _, _, _, response in visits(people, ANTS)]
    numbers = []
    for response in responses:
        policy = response["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert response["X-Content-Type-Options"] == "nosniff"
        # What is the same for everybody may be kept; all else names who is signed in, at least.
        everybody = response.status_code == 200 and "html" not in response["Content-Type"] and is_public(response)
        assert everybody or {"no-store", "private"} <= set(response["Cache-Control"].split(", "))
        if "html" not in response.get("Content-Type", "html"):
            assert "script" not in policy
        text = response.content.decode("utf-8", "replace")
        if not text:
            continue  # of HEAD
        scripts = re.findall(
            r'<script defer nonce="([\w-]{22})" src="/static/django_pgpmailman/key_check.js" [^>]*></script>', text
        )
        assert re.findall(r"script-src '([^;]*)';", policy) == [f"nonce-{number}" for number in scripts]
        assert policy.count("script") == len(scripts) == ("data-pgpmailman-said" in text)
        numbers += scripts
        assert text.count("<script") == len(scripts)
        assert not re.search(r"<style|style=|javascript:| on[a-z]+=", text)
    assert len(set(numbers)) == len(numbers) > 5


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


def test_documentation(web: Website) -> None:
    """The manual has the table of pages and roles; `python -m django_pgpmailman` prints it."""
    from django_pgpmailman.manual import table  # noqa: PLC0415 - Django must be ready

    assert web
    manual = Path(__file__).parents[3] / "docs/web.md"
    assert table(pages()) in manual.read_text("utf-8")
