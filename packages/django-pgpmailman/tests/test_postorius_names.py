"""What is sent to Postorius' forms as a token, or as the number of a held post, leads to nothing else of Mailman's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from core_server import RefusedError
from visitors import ANTS, People

from django_pgpmailman.roles import Role

if TYPE_CHECKING:
    from core_server import CoreServer

CONFIRM = f"/mailman3/lists/{ANTS}/confirm/"
TOKEN = "0123456789abcdef0123456789abcdef01234567"
WAITS = f"/3.1/lists/{ANTS}/requests/{TOKEN}"
NO_NAMES = [
    "",
    ".",
    "..",
    "../held/7",
    "%2e%2e/held/7",
    "7/../8",
    "7?x",
    "7#x",
    "\N{ARABIC-INDIC DIGIT SEVEN}",
    "-7",
    "7\n",
    "7" * 50,
]


def sent(people: People, role: Role, path: str, **form: str) -> int:
    """Somebody sends a form; the status of the answer."""
    return int(people.client(role).post(path, form).status_code)


@pytest.mark.parametrize("token", [*NO_NAMES, TOKEN.upper(), f"{TOKEN}\n", f"../requests/{TOKEN}"])
def test_no_token(people: People, mailman: CoreServer, token: str) -> None:
    """It is asked about nowhere, and the page says that nothing waits."""
    client = people.client(Role.EVERYBODY)
    for response in (client.get(CONFIRM, {"token": token}), client.post(CONFIRM, {"token": token})):
        assert response.status_code == 404
        assert "Token expired or invalid." in response.content.decode()
    assert mailman.paths() == []


@pytest.mark.parametrize("number", NO_NAMES)
@pytest.mark.parametrize(("page", "field"), [("held_messages", "choices"), ("held_messages/moderate", "msgid")])
def test_no_number(people: People, mailman: CoreServer, page: str, field: str, number: str) -> None:
    """A moderator's word reaches no post of another list."""
    path = f"/mailman3/lists/{ANTS}/{page}"
    mailman.paths()
    assert sent(people, Role.MODERATOR, path, **{field: number}, accept="1") == 404
    assert not any("held" in asked for asked in mailman.paths())


def pended(mailman: CoreServer, **shown: Any) -> None:
    """What core says of the token, at whichever list."""
    mailman.pended[TOKEN] = {
        "token": TOKEN,
        "list_id": ANTS,
        "email": "pete@example.com",
        "type": "subscription",
        **shown,
    }


@pytest.mark.parametrize(
    "shown",
    [
        {"token_owner": "subscriber", "list_id": "bees.example.com"},
        {"type": "held message"},
        {"type": "confirmation"},
        {"token_owner": "no_one"},
    ],
)
def test_of_something_else(people: People, mailman: CoreServer, shown: dict[str, str]) -> None:
    """The token of another list, or of no request, is none here, and nothing is shown of whose it is."""
    pended(mailman, **shown)
    client = people.client(Role.EVERYBODY)
    for response in (client.get(CONFIRM, {"token": TOKEN}), client.post(CONFIRM, {"token": TOKEN})):
        assert response.status_code == 404
        assert "pete" not in response.content.decode()
    assert all(method == "GET" for method, _, _ in mailman.requests)


def test_of_a_moderator(people: People, mailman: CoreServer) -> None:
    """Who knows it is led to where a moderator has to be signed in; nothing is decided."""
    pended(mailman, token_owner="moderator")
    client = people.client(Role.EVERYBODY)
    for response in (client.get(CONFIRM, {"token": TOKEN}), client.post(CONFIRM, {"token": TOKEN})):
        assert response["Location"] == f"/mailman3/lists/{ANTS}/subscription_requests"
    assert all(method == "GET" for method, _, _ in mailman.requests)


@pytest.mark.parametrize("name", [ANTS, "ants@example.com"])
def test_of_its_person(people: People, mailman: CoreServer, name: str) -> None:
    """It is as Postorius has it."""
    pended(mailman, token_owner="subscriber")
    path = f"/mailman3/lists/{name}/confirm/"
    assert "pete@example.com" in people.client(Role.EVERYBODY).get(path, {"token": TOKEN}).content.decode()
    assert sent(people, Role.EVERYBODY, path, token=TOKEN) == 302
    ((path, fields),) = [(path, fields) for method, path, fields in mailman.requests if method == "POST"]
    assert (path, fields) == (WAITS, {"action": "accept"})


@pytest.mark.parametrize("shown", [None, {"token_owner": "moderator", "list_id": "bees.example.com"}])
def test_decided_at_another_list(people: People, mailman: CoreServer, shown: dict[str, str] | None) -> None:
    """A moderator's word ends no request of another list, whose token they know."""
    if shown is not None:
        pended(mailman, **shown)
    path = f"/mailman3/lists/{ANTS}/handle_subscription_request/{TOKEN}/"
    for action in ("accept", "reject", "discard"):
        assert sent(people, Role.MODERATOR, path, **{action: "1"}) == 404
    assert all(method == "GET" for method, _, _ in mailman.requests)
    pended(mailman, token_owner="moderator")
    sent(people, Role.SITE_ADMIN, path, discard="1")
    ((path, fields),) = [(path, fields) for method, path, fields in mailman.requests if method == "POST"]
    assert (path, fields) == (WAITS, {"action": "discard"})


@pytest.mark.parametrize("trouble", [ConnectionResetError(), RefusedError(500, "canary")])
def test_nobody_answers(people: People, mailman: CoreServer, trouble: Exception) -> None:
    """Where Mailman does not say what it is, nothing is confirmed, and the page says so in a sentence."""

    def away(path: str) -> None:
        if "requests" in path:
            raise trouble

    mailman.instead = away
    response = people.client(Role.EVERYBODY).post(CONFIRM, {"token": TOKEN})
    assert response.status_code in {502, 503}
    assert "canary" not in response.content.decode()
    assert all(method == "GET" for method, _, _ in mailman.requests)
