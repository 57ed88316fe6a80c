"""Postorius' button `Subscribe` with us: what it says is shown where it is so, and else for what the request waits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from core_people import joining
from visitors import ANTS, People

from django_pgpmailman.roles import Role

if TYPE_CHECKING:
    from core_server import CoreServer

ADDRESS = "logged_in@example.com"
SUBSCRIBE = f"/mailman3/lists/{ANTS}/subscribe"
OWN_KEY = f"/pgp/lists/{ANTS}/keys/{ADDRESS}"
DONE, WRONG, NOT_YET = "You are subscribed to it.", "Something is wrong.", "You are not a member yet"


@pytest.fixture
def stock(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Postorius' view; what it was asked for.  It says that all is done, and that something is wrong."""
    from django.contrib import messages  # noqa: PLC0415 - Django must be ready
    from django.http import HttpResponse  # noqa: PLC0415

    from django_pgpmailman import joining as module  # noqa: PLC0415

    called: list[str] = []

    def view(request: Any, list_id: str) -> Any:
        called.append(list_id)
        if request.method != "POST":
            return HttpResponse(status=405)
        messages.success(request, DONE)
        messages.error(request, WRONG)
        return HttpResponse("stock")

    monkeypatch.setattr(module, "_stock", view)
    return called


def subscribed(people: People, subscriber: str = ADDRESS) -> tuple[Any, list[str]]:
    """What comes back, and the messages on the next page."""
    client = people.client(Role.LOGGED_IN)
    response = client.post(SUBSCRIBE, {"subscriber": subscriber})
    return response, [str(message) for message in client.get("/pgp/keys").context["messages"]]


@pytest.mark.parametrize("subscriber", [ADDRESS, ADDRESS.upper(), "0123456789abcdef"])
def test_waits(people: People, mailman: CoreServer, stock: list[str], subscriber: str) -> None:
    """Whose request waits is led to their key, and not told that they are subscribed; what is wrong is said all the same."""
    mailman.people.stands(ANTS, ADDRESS, "no-certificate", request=joining("outside"))
    response, said = subscribed(people, subscriber)
    assert stock == [ANTS]
    assert response["Location"] == OWN_KEY
    assert said[0] == WRONG
    assert NOT_YET in said[1]
    assert "ants@example.com" in said[1]


@pytest.mark.parametrize("name", ["ants@example.com", "Ants@Example.COM", ANTS.upper()])
def test_by_another_name(people: People, mailman: CoreServer, stock: list[str], name: str) -> None:
    """Core takes the address of a list for it, so Postorius does; and letters of either case."""
    mailman.people.stands(ANTS, ADDRESS, "no-certificate", request=joining("outside"))
    response = people.client(Role.LOGGED_IN).post(f"/mailman3/lists/{name}/subscribe", {"subscriber": ADDRESS})
    assert stock == [name]
    assert response["Location"] == OWN_KEY


def test_done(people: People, mailman: CoreServer, stock: list[str]) -> None:
    """Who is a member, or asks to leave, or waits by another address or at another list, gets what Postorius says."""
    bees = "bees.example.com"
    stands: list[dict[str, Any]] = [{}, {"request": {**joining("moderator"), "purpose": "leave"}}]
    for each in stands:
        mailman.people.stands(ANTS, ADDRESS, **each)
        mailman.people.stands(bees, ADDRESS, request=joining("outside"))
        assert subscribed(people)[1] == [DONE, WRONG]
    mailman.people.stands(ANTS, ADDRESS, request=joining("outside"))
    response, said = subscribed(people, "another@example.com")
    assert response.content == b"stock"
    assert said == [DONE, WRONG]
    assert stock == [ANTS] * 3


def test_nobody_answers(people: People, mailman: CoreServer, stock: list[str]) -> None:
    """While Mailman does not answer us, Postorius says what it says."""
    mailman.people.stands(ANTS, ADDRESS, request=joining("outside"))

    def silent(path: str) -> None:
        if "plugins" in path:
            raise ConnectionResetError

    mailman.instead = silent
    client = people.client(Role.LOGGED_IN)
    assert client.post(SUBSCRIBE, {"subscriber": ADDRESS}).content == b"stock"
    assert stock == [ANTS]


def test_other_methods(people: People, mailman: CoreServer, stock: list[str]) -> None:
    """Only what is sent is followed by a question of ours."""
    assert people.client(Role.LOGGED_IN).get(SUBSCRIBE).status_code == 405
    assert stock
    assert mailman.paths() == []


def test_forged(people: People, stock: list[str]) -> None:
    """A form of another website's is refused, as Postorius refuses it."""
    from django.test import Client  # noqa: PLC0415 - Django must be ready

    client = Client(enforce_csrf_checks=True)
    client.force_login(people.users[Role.LOGGED_IN], backend="django.contrib.auth.backends.ModelBackend")
    assert client.post(SUBSCRIBE, {"subscriber": ADDRESS}).status_code == 403
    assert stock == []


def test_where(people: People) -> None:
    """It stands where Postorius' own view stood, wherever a project has that; where it has none there is none of ours."""
    from types import ModuleType  # noqa: PLC0415 - here only

    from django.urls import include, path, resolve, reverse  # noqa: PLC0415 - Django must be ready

    from django_pgpmailman import joining as module  # noqa: PLC0415

    assert people
    assert resolve(reverse("list_subscribe", kwargs={"list_id": ANTS})).func is module.subscribe
    project = ModuleType("project")
    project.urlpatterns = []  # type: ignore[attr-defined]
    assert module.patterns(project) == []
    project = ModuleType("another")
    project.urlpatterns = [path("lists/here/", include("postorius.urls"))]  # type: ignore[attr-defined]
    (found,) = module.patterns(project)
    assert found.resolve(f"lists/here/lists/{ANTS}/subscribe").kwargs == {"list_id": ANTS}
