"""What waits at a list, for those who look after it: requests, keys in place of others, held posts."""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING, Any

import core_answers
import core_server
import pytest
from visitors import ANTS, BEES, People

from django_pgpmailman.roles import Role

if TYPE_CHECKING:
    from core_server import CoreServer
    from website import Website

KINDS = ("requests", "changes", "held")
GROUPS = "0123 4567 89AB CDEF 0123 4567 89AB CDEF 0123 4567"
OTHER_GROUPS = "89AB CDEF 0123 4567 89AB CDEF 0123 4567 89AB CDEF"
MODERATOR = "moderator@example.com"

each_kind = pytest.mark.parametrize("kind", KINDS)


def page(kind: str, list_id: str = ANTS) -> str:
    return f"/pgp/lists/{list_id}/{kind}"


def shown(response: Any) -> str:
    return unescape(response.content.decode())


def form(people: People, kind: str, action: str, number: int = 0, **more: str) -> dict[str, str]:
    """What a browser sends for the thing with this number on the page."""
    thing = people.client(Role.MODERATOR).get(page(kind)).context["things"][number]
    return {"name": thing.name, "seen": thing.seen, "action": action, **more}


def sent(mailman: CoreServer) -> list[tuple[str, dict[str, str]]]:
    """What was decided since the last time."""
    found = [(path.removeprefix("/3.1/"), fields) for method, path, fields in mailman.requests if method == "POST"]
    mailman.requests.clear()
    return found


def test_a_request(people: People) -> None:
    """Everything by which a moderator decides about a request stands there, and HTML of others is text."""
    response = people.client(Role.MODERATOR).get(page("requests"))
    text = response.content.decode()
    assert "anne&lt;i&gt;@example.com" in text
    assert "&lt;b&gt;bold&lt;/b&gt;" in text
    assert f"<code>{GROUPS}</code>" in text
    for words in ("wants to join", "waits for a moderator", "300 days ago", "Ed25519", "never", "can be used"):
        assert words in text
    assert "not compared" in text
    assert "proven" in text
    assert text.count('type="submit"') == 4


def test_a_request_without_a_key(people: People, mailman: CoreServer) -> None:
    """Where no key has come yet nobody can accept, nor compare; a request to leave is one."""
    (request,) = mailman.waiting["requests"][ANTS]
    request.update(certificate=None, waits_for="outside", reason="waits for a key", purpose="leave")
    text = shown(people.client(Role.MODERATOR).get(page("requests")))
    assert "waits for a key" in text
    assert "wants to leave" in text
    assert 'value="accept"' not in text
    assert 'value="compare"' not in text
    assert (
        people.client(Role.MODERATOR).get(f"{page('requests')}/{core_answers.TOKEN}/certificate.asc").status_code == 404
    )
    refused = people.client(Role.MODERATOR).post(page("requests"), form(people, "requests", "compare"))
    assert (refused.status_code, "no key yet" in shown(refused)) == (409, True)


def test_states_of_a_key(people: People, mailman: CoreServer) -> None:
    """A key that can't be used, and one that was compared, are said to be that."""
    certificate = mailman.waiting["requests"][ANTS][0]["certificate"]
    mailman.waiting["requests"][ANTS][0]["certificate"] = {
        **certificate,
        "usable": False,
        "words": "the certificate has expired",
        "compared": "2026-11-05T00:00:00Z",
    }
    text = shown(people.client(Role.MODERATOR).get(page("requests")))
    assert "the certificate has expired" in text
    assert "Somebody who looks after the list has compared the fingerprint, on Nov. 5, 2026." in text
    assert 'value="compare"' not in text


def test_a_change(people: People, mailman: CoreServer) -> None:
    """Both fingerprints are there; what can't be accepted has no button for it."""
    text = shown(people.client(Role.MODERATOR).get(page("changes")))
    assert GROUPS in text
    assert OTHER_GROUPS in text
    assert 'value="accept"' in text
    mailman.waiting["changes"][ANTS][0].update(outdated=True, suspended=True, counting=None)
    text = shown(people.client(Role.MODERATOR).get(page("changes")))
    assert "outdated" in text
    assert OTHER_GROUPS in text
    assert 'value="accept"' not in text


def test_a_held_post(people: People) -> None:
    """What is known of a post without its content is there, as sentences."""
    response = people.client(Role.MODERATOR).get(page("held"))
    text = shown(response)
    for words in ("anne<i>@example.com", "not proven", "anybody may have written this", "moderated", "4.9"):
        assert words in text
    assert "comes from a &lt;moderated&gt; member" in response.content.decode()
    assert f'name="address" value="{MODERATOR}"' in text


@each_kind
def test_decisions(people: People, mailman: CoreServer, kind: str) -> None:
    """Each decision is sent once, about the thing that was shown, and the page says what was done."""
    client = people.client(Role.MODERATOR)
    path = f"plugins/pgp/lists/{ANTS}/{kind}"
    for action in ("accept", "reject", "discard"):
        kept = list(mailman.waiting[kind][ANTS])
        filled = form(people, kind, action)
        response = client.post(page(kind), filled)
        assert response["Location"] == f"{page(kind)}?page=1"
        ((asked, fields),) = sent(mailman)
        assert asked == f"{path}/{filled['name']}"
        assert fields == {"action": action, "by": MODERATOR}
        assert 'role="status"' in shown(client.get(page(kind)))
        mailman.waiting[kind][ANTS] = kept


@each_kind
def test_decided_twice(people: People, mailman: CoreServer, kind: str) -> None:
    """Who comes second is told so, and nothing is sent."""
    client, filled = people.client(Role.MODERATOR), form(people, kind, "accept")
    client.post(page(kind), filled)
    sent(mailman)
    refused = client.post(page(kind), filled)
    assert (refused.status_code, "somebody has decided about it" in shown(refused)) == (404, True)
    assert sent(mailman) == []


@each_kind
def test_decided_in_between(people: People, mailman: CoreServer, kind: str) -> None:
    """Also where the other one is just a moment quicker there is a sentence."""
    client, filled = people.client(Role.MODERATOR), form(people, kind, "discard")
    reads = [0]

    def instead(path: str) -> None:
        if path.endswith(f"{kind}/{filled['name']}"):
            reads[0] += 1
            if reads[0] == 2:
                mailman.waiting[kind] = {ANTS: [], BEES: []}

    mailman.instead = instead
    refused = client.post(page(kind), filled)
    assert refused.status_code == 404
    assert 'class="alert alert-danger"' in shown(refused)


@each_kind
def test_another_thing_than_was_seen(people: People, mailman: CoreServer, kind: str) -> None:
    """Where another key, or another post of the same number, is there by now, nothing is decided; what was typed stays."""
    filled = form(people, kind, "accept", reason="Who are <you>?")
    (one,) = mailman.waiting[kind][ANTS]
    if kind == "held":
        one["since"] = "2026-11-02T00:00:00Z"
    else:
        one["certificate"] = {**one["certificate"], "fingerprint": core_answers.OTHER_FINGERPRINT}
    for wrong in (filled, {**filled, "seen": ""}, {**filled, "seen": "\N{LATIN SMALL LETTER E WITH ACUTE}"}):
        refused = people.client(Role.MODERATOR).post(page(kind), wrong)
        assert (refused.status_code, "changed since you looked" in shown(refused)) == (409, True)
        if kind != "changes":
            assert "Who are &lt;you&gt;?" in refused.content.decode()
    assert sent(mailman) == [] or all("plugins/pgp" not in path for path, _ in sent(mailman))


@each_kind
@pytest.mark.parametrize("name", ["", ".", "..", "../bees", "a/b", "a?b", "a\0b", "x" * 200, "%2e%2e", "8"])
def test_names_of_nothing(people: People, mailman: CoreServer, kind: str, name: str) -> None:
    """What names nothing that waits here is refused with a sentence, and decided nowhere."""
    refused = people.client(Role.MODERATOR).post(page(kind), {**form(people, kind, "discard"), "name": name})
    assert (refused.status_code, "does not wait any more" in shown(refused)) == (404, True)
    assert sent(mailman) == []


@each_kind
def test_a_thing_of_another_list(people: People, mailman: CoreServer, kind: str) -> None:
    """What waits at another list is not decided about by this list's moderator, though core would take the token."""
    one = {**mailman.waiting[kind][BEES][0], ("number" if kind == "held" else "token"): 99}
    mailman.waiting[kind][BEES] = [one]
    filled = {**form(people, kind, "discard"), "name": "99"}
    assert people.client(Role.MODERATOR).post(page(kind), filled).status_code == 404
    assert people.client(Role.MODERATOR).post(page(kind, BEES), filled).status_code == 403
    assert sent(mailman) == []
    assert mailman.waiting[kind][BEES] == [one]


@each_kind
@pytest.mark.parametrize("action", ["", "defer", "hold", "ACCEPT", "approve"])
def test_actions_that_there_are_not(people: People, mailman: CoreServer, kind: str, action: str) -> None:
    """Core knows more actions than are offered here; they are not sent."""
    refused = people.client(Role.MODERATOR).post(page(kind), form(people, kind, action))
    assert (refused.status_code, "nothing was done" in shown(refused)) == (400, True)
    assert sent(mailman) == []


def test_reason(people: People, mailman: CoreServer) -> None:
    """A reason goes with a rejection, as it was typed; one that is too long is refused, and stays."""
    for kind, name in (("requests", "reason"), ("held", "comment")):
        long = form(people, kind, "reject", reason="x" * 2001)
        refused = people.client(Role.MODERATOR).post(page(kind), long)
        assert (refused.status_code, "x" * 2001 in shown(refused), sent(mailman)) == (400, True, [])
        people.client(Role.MODERATOR).post(page(kind), form(people, kind, "reject", reason=" Not\r\nnow. "))
        ((_, fields),) = sent(mailman)
        assert fields == {"action": "reject", name: "Not\nnow.", "by": MODERATOR}


def test_refusals(people: People, mailman: CoreServer) -> None:
    """What Mailman refuses is said at its form, with its status; nothing is lost."""

    def instead(path: str) -> None:
        method, _, fields = mailman.requests[-1]
        if method == "POST" and path == f"/3.1/plugins/pgp/lists/{ANTS}/requests/{core_answers.TOKEN}" and fields:
            raise core_server.RefusedError(409, "anne@example.com has not <proven> a key yet.", "not-yet")

    mailman.instead = instead
    refused = people.client(Role.MODERATOR).post(page("requests"), form(people, "requests", "accept"))
    assert refused.status_code == 409
    (thing,) = refused.context["things"]
    assert thing.refused == "anne@example.com has not <proven> a key yet."
    assert "not &lt;proven&gt; a key" in refused.content.decode()


def test_compare(people: People, mailman: CoreServer) -> None:
    """That a fingerprint was compared is recorded for the one that was shown, in the name of the moderator's address."""
    client = people.client(Role.MODERATOR)
    assert client.post(page("requests"), form(people, "requests", "compare")).status_code == 302
    ((path, fields),) = sent(mailman)
    assert path == f"plugins/pgp/lists/{ANTS}/certificates/anne%3Ci%3E@example.com"
    assert fields == {"action": "compare", "fingerprint": core_answers.FINGERPRINT, "by": MODERATOR}


def test_in_whose_name(people: People, mailman: CoreServer) -> None:
    """Somebody decides in the name of the address that looks after the list; an admin of the site in that of their own."""
    filled = form(people, "changes", "accept")
    people.client(Role.SITE_ADMIN).post(page("changes"), {**filled, "by": "olga@example.com"})
    ((_, fields),) = sent(mailman)
    assert fields["by"] == "site_admin@example.com"


def test_ask_again(people: People, mailman: CoreServer) -> None:
    """Who wants to join is asked again about the key that they have sent last; who wants to leave, about that."""
    client = people.client(Role.MODERATOR)
    (request,) = mailman.waiting["requests"][ANTS]
    for purpose, path in (
        ("join", "offers/anne%3Ci%3E@example.com/again"),
        ("leave", f"requests/{core_answers.TOKEN}/challenge"),
    ):
        request.update(waits_for="outside", reason="waits for proof", purpose=purpose)
        assert 'value="ask"' in shown(client.get(page("requests")))
        client.post(page("requests"), form(people, "requests", "ask"))
        assert sent(mailman) == [(f"plugins/pgp/lists/{ANTS}/{path}", {"by": MODERATOR})]


def test_copy(people: People, mailman: CoreServer) -> None:
    """A copy goes to an address of the moderator's own, and to no other, whatever the form says."""
    client = people.client(Role.MODERATOR)
    client.post(page("held"), form(people, "held", "copy", address=MODERATOR))
    ((path, fields),) = sent(mailman)
    assert (path, fields) == (f"plugins/pgp/lists/{ANTS}/held/7/copy", {"address": MODERATOR, "by": MODERATOR})
    for address in ("owner@example.com", "", "Moderator@example.com "):
        refused = client.post(page("held"), form(people, "held", "copy", address=address))
        assert (refused.status_code, "an address of your own only" in shown(refused)) == (400, True)
    assert sent(mailman) == []


def test_addresses_for_a_copy(people: People) -> None:
    """Of several addresses, those are offered that look after the list."""
    from allauth.account.models import EmailAddress  # noqa: PLC0415 - Django must be ready

    user = people.users[Role.MODERATOR]
    EmailAddress.objects.create(user=user, email="another@example.com", verified=True)
    EmailAddress.objects.create(user=user, email="owner@example.com", verified=False)
    response = people.client(Role.MODERATOR).get(page("held"))
    assert response.context["addresses"] == [MODERATOR]


@each_kind
def test_pages(people: People, mailman: CoreServer, kind: str) -> None:
    """Long ones come in pages; beyond the last one is the last one; a decision leads back to its page."""
    name = "number" if kind == "held" else "token"
    mailman.waiting[kind][ANTS] = [{**mailman.waiting[kind][ANTS][0], name: str(number)} for number in range(1, 42)]
    client = people.client(Role.MODERATOR)
    for asked, expected in (("", 20), ("?page=3", 1), ("?page=999", 1), ("?page=-1", 20), ("?page=x", 20)):
        assert len(client.get(f"{page(kind)}{asked}").context["things"]) == expected
    (last,) = client.get(f"{page(kind)}?page=3").context["things"]
    filled = {"name": last.name, "seen": last.seen, "action": "discard"}
    response = client.post(f"{page(kind)}?page=3", filled)
    assert response["Location"] == f"{page(kind)}?page=3"
    assert client.get(response["Location"]).context["page"].number == 2


@each_kind
def test_nothing_waits(people: People, mailman: CoreServer, kind: str) -> None:
    """An empty page says so."""
    mailman.waiting[kind] = {ANTS: [], BEES: []}
    assert re.search("No (request|key|post) waits.", shown(people.client(Role.MODERATOR).get(page(kind))))


@each_kind
def test_cost(people: People, mailman: CoreServer, kind: str) -> None:
    """A page asks our REST once, however much waits."""
    client = people.client(Role.MODERATOR)
    client.get(page(kind))
    mailman.paths()
    client.get(page(kind))
    found = [path for path in mailman.paths() if "plugins/pgp" in path and not path.endswith("/certificate")]
    assert found == [f"/3.1/plugins/pgp/lists/{ANTS}/{kind}"]


def test_files(people: People) -> None:
    """A key comes as a file named by its fingerprint."""
    for kind in ("requests", "changes"):
        response = people.client(Role.MODERATOR).get(f"{page(kind)}/{core_answers.TOKEN}/certificate.asc")
        assert response.content.decode() == core_answers.ARMORED
        assert response["Content-Disposition"] == f'attachment; filename="{core_answers.FINGERPRINT}.asc"'
        assert response["Content-Type"] == "application/pgp-keys"
        assert people.client(Role.MODERATOR).get(f"{page(kind)}/beef/certificate.asc").status_code == 404


def test_way_there(people: People) -> None:
    """The pages name each other, and the owner's; a moderator is not led to what they may not see."""
    moderator = shown(people.client(Role.MODERATOR).get(page("held")))
    owner = shown(people.client(Role.OWNER).get(page("held")))
    for kind in KINDS:
        assert f'href="{page(kind)}"' in moderator
    assert f'href="{page("encryption")}"' not in moderator
    assert f'href="{page("encryption")}"' in owner


@each_kind
def test_forged_forms(people: People, web: Website, mailman: CoreServer, kind: str) -> None:
    """A form that does not come from our page decides nothing."""
    filled = form(people, kind, "accept")
    web.client.force_login(people.users[Role.MODERATOR], backend="django.contrib.auth.backends.ModelBackend")
    assert web.client.post(page(kind), filled).status_code == 403
    assert sent(mailman) == []
