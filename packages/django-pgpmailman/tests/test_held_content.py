"""What a held post says is on one page, for who looks after its list, and nowhere else: no cache, session, log or report has it."""

from __future__ import annotations

import logging
import sys
from html import unescape
from typing import TYPE_CHECKING, Any

import pytest
from visitors import ANTS, BEES, People

from django_pgpmailman.roles import Role

if TYPE_CHECKING:
    from collections.abc import Iterator

    from core_server import CoreServer

PAGE = f"/pgp/lists/{ANTS}/held"
POST = f"{PAGE}/7"
MODERATOR = "moderator@example.com"


def text(response: Any) -> str:
    return unescape(response.content.decode())


def asked(mailman: CoreServer) -> list[dict[str, str]]:
    """What was asked for of contents since the last time."""
    found = [fields for _, path, fields in mailman.requests if path.endswith("/content")]
    mailman.requests.clear()
    return found


@pytest.mark.parametrize("role", [Role.MODERATOR, Role.OWNER])
def test_shown(people: People, mailman: CoreServer, role: Role) -> None:
    """Who looks after the list reads it beside what became of its signature, by one call for one post, and can decide there."""
    client = people.client(role)
    for page in (PAGE, POST):
        response = client.get(page)
        assert f'action="{POST}"' in response.content.decode()
        assert "kestrel" not in text(response)
    assert asked(mailman) == []
    response = client.post(POST)
    assert response.status_code == 200
    assert asked(mailman) == [{"address": f"{role.name.lower()}@example.com"}]
    for words in (
        "The <kestrel> flies.",
        "At </dd> noon",
        "not signed",
        "moderated",
        "2.0",
        "not encrypted: anybody on its way",
    ):
        assert words in text(response).replace("\xa0", " ")
    thing = response.context["thing"]
    decided = client.post(PAGE, {"name": thing.name, "seen": thing.seen, "action": "discard"})
    assert decided["Location"] == f"{PAGE}?page=1"
    assert mailman.waiting["held"][ANTS] == []


def test_everything_is_text(people: People) -> None:
    """Whatever its author writes is no markup, no template and no header of the page."""
    response = people.client(Role.MODERATOR).post(POST)
    source = response.content.decode()
    for words in (
        "&lt;script&gt;alert(1)",
        "&lt;script&gt;alert(2)",
        "&lt;/div&gt;",
        "{{ user }} {% now",
        "&quot;&gt;&lt;img",
        "&lt;pdf&gt;",
    ):
        assert words in source
    assert "<script" not in source
    assert "<img src=x" not in source
    assert "alert" not in str(response.headers)
    assert "script-src" not in response["Content-Security-Policy"]


def test_policy(people: People, mailman: CoreServer) -> None:
    """Nobody on the way keeps the page, whether it shows something or refuses to; a page that is asked for by its address shows nothing."""
    client = people.client(Role.MODERATOR)
    responses = [client.post(POST), client.get(POST), client.head(POST)]
    mailman.waiting["held"][ANTS][0]["content_link"] = None
    responses += [client.post(POST), client.post(f"{PAGE}/99")]
    for response in responses:
        assert {"no-store", "private"} <= set(response["Cache-Control"].split(", "))
        assert "default-src 'none'" in response["Content-Security-Policy"]
    assert ["kestrel" in text(response) for response in responses] == [True, *[False] * 4]


def test_not_where_the_list_does_not(people: People, mailman: CoreServer) -> None:
    """Where the list does not have posts shown there is no button, and who asks all the same, as it did a moment ago, is told why."""
    client = people.client(Role.OWNER)
    mailman.waiting["held"][ANTS][0]["content_link"] = None
    for page in (PAGE, POST):
        assert f'action="{POST}"' not in client.get(page).content.decode()
    refused = client.post(POST)
    assert (refused.status_code, "do not have held posts shown" in text(refused)) == (409, True)


def test_to_nobody_else(people: People, mailman: CoreServer) -> None:
    """Not to members, strangers, or those of another list, by whatever address; nor to an administrator who does not look after the list."""
    for role in Role:
        client = people.client(role)
        for list_id in (ANTS, BEES):
            response = client.post(f"/pgp/lists/{list_id}/held/7", {"address": MODERATOR})
            shown = list_id == ANTS and role in {Role.MODERATOR, Role.OWNER}
            assert ("kestrel" in text(response)) == shown, (role, list_id)
            if role is Role.SITE_ADMIN:
                assert response.status_code == 409
            elif not shown:
                assert response.status_code == 403
    assert {fields["address"] for fields in asked(mailman)} == {
        MODERATOR,
        "owner@example.com",
        "site_admin@example.com",
    }


def test_administrator_without_an_address(people: People, mailman: CoreServer) -> None:
    """Who has proven no address is told for whom this is, and Mailman is not asked."""
    from allauth.account.models import EmailAddress  # noqa: PLC0415 - Django must be ready

    EmailAddress.objects.filter(user=people.users[Role.SITE_ADMIN]).delete()
    refused = people.client(Role.SITE_ADMIN).post(POST)
    assert (refused.status_code, "Become an owner or moderator" in text(refused)) == (409, True)
    assert asked(mailman) == []


def test_of_another_list(people: People, mailman: CoreServer) -> None:
    """The number of another list's post shows nothing here."""
    mailman.waiting["held"][BEES] = [{**mailman.waiting["held"][BEES][0], "number": 99}]
    for method in ("get", "post"):
        refused = getattr(people.client(Role.MODERATOR), method)(f"{PAGE}/99")
        assert refused.status_code == 404
        assert "kestrel" not in text(refused)


@pytest.mark.parametrize("number", ["0", "8", "9" * 30, "-1", "7/..", "x", "7%2fcontent"])
def test_numbers_of_nothing(people: People, number: str) -> None:
    """What names nothing that waits here has a sentence, or no page."""
    for method in ("get", "post"):
        assert getattr(people.client(Role.OWNER), method)(f"{PAGE}/{number}").status_code == 404


def test_forms_of_it(people: People, mailman: CoreServer) -> None:
    """What is left out, of what the text was made, and what else is in the post is said; a post without text is, too."""
    client = people.client(Role.MODERATOR)
    mailman.content |= {
        "complete": False,
        "from_html": True,
        "more_attachments": 12,
        "attachments": [{"name": "", "type": "a/b", "size": 1}],
    }
    shown = text(client.post(POST))
    for words in ("This is the beginning only", "this is its text alone", "and more, in number: 12", "without a name"):
        assert words in shown
    mailman.content |= {"text": "", "subject": "", "date": "", "author_name": "", "attachments": []}
    assert "There is no text in it." in text(client.post(POST))


def test_kept_nowhere(people: People, mailman: CoreServer, settings: Any, caplog: pytest.LogCaptureFixture) -> None:
    """Neither a cache of the whole site, nor the session, nor a message for the next page, nor a log has a word of it."""
    from django.conf import settings as found  # noqa: PLC0415 - Django must be ready
    from django.core.cache import cache  # noqa: PLC0415

    settings.MIDDLEWARE = [
        "django.middleware.cache.UpdateCacheMiddleware",
        *found.MIDDLEWARE,
        "django.middleware.cache.FetchFromCacheMiddleware",
    ]
    for logger in (None, "django", "django.template", "urllib3", "django_pgpmailman"):
        caplog.set_level(logging.DEBUG, logger)
    client = people.client(Role.MODERATOR)
    assert "kestrel" in text(client.post(POST))
    assert "kestrel" not in str(dict(client.session.items()))
    assert "Exception while resolving variable" in caplog.text  # by which Django logs all that a template knows
    assert not any(word in caplog.text for word in ("kestrel", "noon", "plan", "alert"))
    assert "kestrel" not in str(getattr(cache, "_cache", "no cache in memory"))
    assert "kestrel" not in text(client.get(POST)) + text(client.get(PAGE))
    mailman.waiting["held"][ANTS][0]["content_link"] = None
    assert "kestrel" not in text(client.post(POST))


@pytest.fixture
def reports() -> Iterator[list[str]]:
    """What Django would log and mail of what goes wrong."""
    from django.core.signals import got_request_exception  # noqa: PLC0415 - Django must be ready
    from django.views.debug import ExceptionReporter  # noqa: PLC0415

    found: list[str] = []

    def report(request: Any, **_: Any) -> None:
        reporter = ExceptionReporter(request, *sys.exc_info())
        found.extend((reporter.get_traceback_text(), reporter.get_traceback_html()))

    got_request_exception.connect(report)
    yield found
    got_request_exception.disconnect(report)


@pytest.mark.parametrize("debug", [False, True])
@pytest.mark.parametrize(
    "place",
    ["django_pgpmailman.page.render", "mailman_pgp_client.place.Place.ask", "django.utils.formats.number_format"],
)
def test_reports_of_errors(
    people: People,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    reports: list[str],
    caplog: pytest.LogCaptureFixture,
    place: str,
    *,
    debug: bool,
) -> None:
    """When something goes wrong that nobody has thought of, no report of it has a word of the post, also while a site is being tried."""

    def fails(*given: Any, **_: Any) -> None:
        kestrels = [f"The kestrel flies. {each}" for each in given]
        raise ValueError(kestrels, given)

    settings.DEBUG = debug
    client = people.client(Role.MODERATOR)
    client.raise_request_exception = False
    monkeypatch.setattr(place, fails)
    response = client.post(POST)
    assert response.status_code == 500
    assert len(reports) == 2
    for each in (*reports, caplog.text, response.content.decode()):
        assert "kestrel" not in each
    assert "ValueError" in reports[0]
