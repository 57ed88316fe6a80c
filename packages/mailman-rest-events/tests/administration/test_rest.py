"""REST below /3.1/plugins/events: the same as at the command line, and nothing half done."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from receivers import answer, receiver
from standing import ANT

if TYPE_CHECKING:
    from standing import Door, Outbox

NO_EVENT = "evt_" + 32 * "0"
POSTS = [
    "/endpoints/web/ping",
    "/endpoints/web/replay",
    "/endpoints/web/skip",
    f"/events/{NO_EVENT}/replay",
    f"/events/{NO_EVENT}/skip",
]
GETS = ["", "/endpoints", "/endpoints/web", "/events", f"/events/{NO_EVENT}"]


@pytest.mark.usefixtures("sender")
def test_index(door: Door, outbox: Outbox) -> None:
    """Whether all is well, and where everything is."""
    found = door.good("GET")
    assert (found["started"], found["well"], found["attention"]) == (True, True, [])
    assert found["links"]["endpoints"].endswith("/3.1/plugins/events/endpoints")
    outbox.put(ago=100)
    assert not door.good("GET")["well"]


def test_endpoints(door: Door, outbox: Outbox, endpoints: dict[str, Any]) -> None:
    """How it goes with each, in pages, without key or secret."""
    endpoints["web"] = replace(
        endpoints["web"], api_key="canary-key", secrets=(b"canary",), url="https://example.com/canary?canary"
    )
    outbox.put(2, ago=100)
    found = door.good("GET", "/endpoints")
    assert (found["start"], found["total_size"], [each["name"] for each in found["entries"]]) == (
        0,
        2,
        ["web", "other"],
    )
    assert "canary" not in json.dumps(found)
    one = door.good("GET", "/endpoints/web")
    assert (one["waiting"], one["state"], one["to"]) == (2, "well", "https://example.com")
    assert one["attention"] == ["It is behind by 2 events and 1 minute. Nothing was sent to it since."]
    assert one["oldest"].endswith("Z")
    assert [each["name"] for each in door.good("GET", "/endpoints?count=1&page=2")["entries"]] == ["other"]
    assert "entries" not in door.good("GET", "/endpoints?count=1&page=3")


def test_events(door: Door, outbox: Outbox) -> None:
    """Filtered by all that is given, in pages, the latest first."""
    first = outbox.put(3, name="ListCreatedEvent", state="delivered", ago=50)
    second = outbox.put(2, "web", "other", name="SubscriptionEvent", list_id=None)

    def found(query: str = "") -> set[str]:
        return {each["id"] for each in door.good("GET", f"/events?{query}").get("entries", ())}

    assert found() == {*first, *second}
    assert found("endpoint=other") == set(second)
    assert found("state=delivered") == set(first)
    assert found("name=SubscriptionEvent&endpoint=web") == set(second)
    assert found(f"list_id={ANT}") == set(first)
    page = door.good("GET", "/events?count=2&page=2")
    assert (page["start"], page["total_size"], len(page["entries"])) == (2, 5, 2)
    one = door.good("GET", f"/events/{first[0]}")
    assert (one["name"], one["list_id"], one["data"]) == ("ListCreatedEvent", ANT, {"of": first[0]})
    assert json.loads(one["deliveries"][0]["body"])["id"] == first[0]


def test_replay_and_skip(door: Door, outbox: Outbox) -> None:
    """As a form, or as JSON."""
    uids = outbox.put(6, "web", "other", state="delivered")
    outbox.course("web", stopped="It answered 410.")
    outbox.store.commit()
    found = door.good("POST", "/endpoints/web/replay", {"first": "2", "last": "3"})
    assert (found["deliveries"], found["started"]) == (2, ["web"])
    assert outbox.states() == {"delivered": 10, "waiting": 2}
    assert door.good("POST", "/endpoints/web/skip", json={"state": "waiting"})["deliveries"] == 2
    assert door.good("POST", "/endpoints/web/replay", json={"first": 5})["deliveries"] == 2
    assert door.good("POST", "/endpoints/other/replay", {"all": "yes"})["deliveries"] == 6
    assert door.good("POST", f"/events/{uids[0]}/replay")["deliveries"] == 1
    assert door.good("POST", f"/events/{uids[0]}/skip", {"endpoint": "web"})["deliveries"] == 1
    assert outbox.states() == {"delivered": 1, "waiting": 8, "skipped": 3}


def test_ping(door: Door, outbox: Outbox, endpoints: dict[str, Any]) -> None:
    """A success, whatever the endpoint answers; and it is started again."""
    outbox.course("web", stopped="It answered 410.")
    outbox.store.commit()
    with receiver(answer("500 Oops")) as peer:
        endpoints["web"] = replace(endpoints["web"], url=peer.url)
        found = door.good("POST", "/endpoints/web/ping")
    assert (found["taken"], found["problem"], found["started"]) == (False, "It answered 500.", False)
    with receiver() as peer:
        endpoints["web"] = replace(endpoints["web"], url=peer.url)
        found = door.good("POST", "/endpoints/web/ping")
    assert (found["taken"], found["problem"], found["started"]) == (True, "", True)
    outbox.store.rollback()
    assert outbox.course("web").stopped == ""


@pytest.mark.parametrize(
    ("status", "method", "path", "form", "sentence"),
    [
        (404, "GET", "/endpoints/nobody", None, "There is no endpoint 'nobody'. Those there are: web, other."),
        (404, "POST", "/endpoints/nobody/ping", None, "There is no endpoint 'nobody'"),
        (404, "POST", "/endpoints/nobody/replay", {"all": "yes"}, "There is no endpoint 'nobody'"),
        (404, "POST", "/endpoints/a%00b%ff/skip", {"all": "yes"}, "There is no endpoint"),
        (404, "GET", f"/events/{NO_EVENT}", None, "There is no event"),
        (404, "GET", "/events/a%00b%ff", None, "There is no event"),
        (404, "POST", f"/events/{NO_EVENT}/replay", None, "There is no event"),
        (404, "GET", "/events?endpoint=nobody", None, "There is no endpoint 'nobody'"),
        (409, "POST", "/endpoints/other/replay", {"all": "yes"}, "Nothing there to send again"),
        (409, "POST", "/endpoints/web/skip", {"first": "7"}, "Nothing there to skip"),
        (400, "POST", "/endpoints/web/replay", None, "Say which"),
        (400, "POST", "/endpoints/web/replay", {"all": "no"}, "Say which"),
        (400, "POST", "/endpoints/web/replay", {"all": "perhaps"}, "all takes yes or no."),
        (400, "POST", "/endpoints/web/skip", {"first": "2", "last": "1"}, "Turn them round."),
        (400, "POST", "/endpoints/web/skip", {"first": "-1"}, "first takes a whole number"),
        (400, "POST", "/endpoints/web/skip", {"first": "9" * 30}, "first takes a whole number"),
        (
            400,
            "POST",
            "/endpoints/web/skip",
            {"state": "delivered"},
            "state takes one of: waiting, claimed, aside, parked.",
        ),
        (400, "GET", "/events?state=good", None, "state takes one of: waiting,"),
        (400, "GET", "/events?name=", None, "name takes one text"),
        (400, "GET", "/events?name=a&name=b", None, "name takes one text"),
        (400, "GET", "/events?name=a%00b", None, "without zero bytes"),
        (400, "GET", "/events?count=0", None, "count takes a whole number from 1 to 1000."),
        (400, "GET", "/events?page=x", None, "page takes a whole number from 1 to 1000000."),
    ],
)
def test_refused(
    status: int, method: str, path: str, form: dict[str, Any] | None, sentence: str, door: Door, outbox: Outbox
) -> None:
    """With a sentence, and nothing is changed."""
    outbox.put(state="aside")
    assert sentence in door.refused(status, method, path, form)
    assert outbox.states() == {"aside": 1}


@pytest.mark.parametrize("value", [1.5, True, None, [], {}, -1, 10**30, "", "१"])
def test_types(value: Any, door: Door, outbox: Outbox) -> None:
    """JSON may hold anything in any place."""
    outbox.put(state="aside")
    for name in ("first", "last", "state"):
        sentence = door.refused(400, "POST", "/endpoints/web/replay", json={name: value})
        assert f"{name} takes" in sentence
    assert outbox.states() == {"aside": 1}


def test_bodies(door: Door, outbox: Outbox) -> None:
    """What is no form and no object is refused as a whole."""
    outbox.put(state="aside")
    for body in (b"[]", b"1", b"null", b"{", b"\xff", b'{"all": true} x'):
        assert "Send a JSON object" in door.refused(
            400, "POST", "/endpoints/web/replay", body=body, content_type="application/json"
        )
    assert "into the body" in door.refused(400, "POST", "/endpoints/web/replay?all=yes")
    assert "too long" in door.refused(400, "POST", "/endpoints/web/replay", {"state": "x" * 70_000})
    assert outbox.states() == {"aside": 1}


def test_unknown_fields(door: Door, outbox: Outbox) -> None:  # noqa: ARG001 - there are endpoints
    """Everywhere, and those there are are named."""
    for path in GETS:
        assert "There is no field 'colour' here." in door.refused(400, "GET", f"{path}?colour=red")
    for path in POSTS:
        assert "There is no field 'colour' here." in door.refused(400, "POST", path, {"colour": "red"})
    assert "The fields are: state, first, last, all." in door.refused(400, "POST", POSTS[1], {"colour": "red"})


def test_other_methods_and_places(door: Door, outbox: Outbox) -> None:
    """Deeds are done by POST alone."""
    outbox.put(state="aside")
    for path in POSTS:
        assert door("GET", path).status_code == 405
    for path in GETS:
        for method in ("POST", "PUT", "PATCH", "DELETE"):
            assert door(method, path).status_code == 405
    for path in ("/nothing", "/endpoints/web/nothing", "/endpoints/web/ping/x", "/events/x/ping"):
        assert door("POST", path, {"all": "yes"}).status_code == 404
    assert outbox.states() == {"aside": 1}


def test_without_credentials(door: Door, outbox: Outbox) -> None:
    """Core's own are asked for everywhere."""
    outbox.put(state="aside")
    for method, paths in (("GET", GETS), ("POST", POSTS)):
        for path in paths:
            assert door(method, path, credentials="Basic bm9ib2R5Om5vdGhpbmc=").status_code == 401
    assert outbox.states() == {"aside": 1}


def test_not_started(door: Door, outbox: Outbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the first page answers then, and says why."""
    from mailman_rest_events import site  # noqa: PLC0415

    (uid,) = outbox.put(state="parked")
    monkeypatch.setattr(site, "_endpoints", None)
    monkeypatch.setattr(site, "_problem", "In [endpoint.web] of /etc/events.cfg: url is missing.")
    found = door.good("GET")
    assert (found["started"], found["well"]) == (False, False)
    assert found["attention"] == ["In [endpoint.web] of /etc/events.cfg: url is missing."]
    assert door.refused(503, "GET", "/endpoints") == "In [endpoint.web] of /etc/events.cfg: url is missing."
    assert "url is missing" in door.refused(503, "POST", f"/events/{uid}/replay")
    assert outbox.states() == {"parked": 1}


@pytest.mark.parametrize("kind", ["database", "other"])
def test_what_nobody_has_thought_of(kind: str, door: Door, outbox: Outbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sentence, nothing of the error, and nothing half done, though core would commit it."""
    from sqlalchemy.exc import OperationalError  # noqa: PLC0415

    from mailman_rest_events.administration import deeds  # noqa: PLC0415 - core must be initialised

    def fail(*_arguments: object) -> None:
        raise OperationalError("canary", {}, Exception("canary")) if kind == "database" else RuntimeError("canary")

    (uid,) = outbox.put(state="parked")
    monkeypatch.setattr(deeds, "start_again", fail)
    sentence = door.refused(503 if kind == "database" else 500, "POST", f"/events/{uid}/replay")
    assert "nothing was changed" in sentence
    assert "canary" not in sentence
    assert outbox.states() == {"parked": 1}
