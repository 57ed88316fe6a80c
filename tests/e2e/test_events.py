"""What happens in a real Mailman reaches endpoints over HTTP: whole, signed, in order, whatever dies on the way."""

from __future__ import annotations

import json
import signal
from typing import TYPE_CHECKING, Any

import pytest
from listening import KEY, Heard, listening

from django_pgpmailman.sandbox.events import settings_for
from mailman_pgp.sandbox.client import Sandbox
from mailman_pgp.sandbox.configuration import Options
from mailman_pgp.sandbox.polling import until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture(scope="module")
def heard() -> Iterator[Heard]:
    """The receiver of all events."""
    with listening() as made:
        yield made


@pytest.fixture(scope="module")
def site(
    tmp_path_factory: pytest.TempPathFactory, new_database: Callable[[], str | None], heard: Heard
) -> Iterator[Sandbox]:
    """A stock Mailman with the plugin for events alone."""
    directory = tmp_path_factory.mktemp("events")
    settings = settings_for(
        directory / "events.cfg",
        f"{heard.section}[endpoint.nobody]\nurl: http://127.0.0.1:9/\napi_key: {KEY}\nevents: .*\nallow_private: yes\n",
    )
    sandbox = Sandbox(directory / "sandbox", Options(plugin=False, database_url=new_database(), settings=settings))
    sandbox.start()
    yield sandbox
    sandbox.stop()


def test_life_of_a_list(site: Sandbox, heard: Heard) -> None:
    """From the domain to the last member: each with values that REST knows, in the order in which it happened."""
    site.rest("domains", {"mail_host": "life.example"})
    list_id = site.rest.create_list("ant@life.example")
    site.rest.subscribe(list_id, "anne@life.example")
    (member,) = site.rest("members/find", {"list_id": list_id, "subscriber": "anne@life.example"})["entries"]
    site.rest(f"members/{member['member_id']}", method="DELETE")
    site.rest(f"lists/{list_id}", method="DELETE")
    site.rest("domains/life.example", method="DELETE")
    heard.told("DomainDeletedEvent", domain="life.example")
    ours = [
        event
        for event in heard.events()
        if event.data.get("domain") == "life.example"
        or event.data.get("list_id") == list_id
        or event.data.get("address") == "anne@life.example"
    ]
    assert [event.name for event in ours] == [
        "DomainCreatingEvent",
        "DomainCreatedEvent",
        "ListCreatingEvent",
        "ListCreatedEvent",
        "AddressVerificationEvent",
        "SubscriptionEvent",
        "UnsubscriptionEvent",
        "ListDeletingEvent",
        "ListDeletedEvent",
        "DomainDeletingEvent",
        "DomainDeletedEvent",
    ]
    assert [event.sequence for event in ours] == sorted(event.sequence for event in ours)
    for event in ours:
        if event.name in {"SubscriptionEvent", "UnsubscriptionEvent"}:
            assert event.data["member_id"] == member["member_id"]
            assert (event.data["role"], event.data["address"]) == ("member", "anne@life.example")


def test_posts(site: Sandbox, heard: Heard) -> None:
    """What became of a message is told, and nothing of what is in it."""
    list_id = site.rest.create_list("bee@example.com")
    site.rest.subscribe(list_id, "anne@example.net")
    site.lmtp_send(
        "anne@example.net",
        "bee@example.com",
        b"From: anne@example.net\r\nTo: bee@example.com\r\nSubject: canary\r\nMessage-ID: <1@example.net>\r\n\r\ncanary\r\n",
    )
    event = heard.told("AcceptEvent", list_id=list_id)
    assert event.data == {
        "list_id": list_id,
        "chain": "accept",
        "message_id": "<1@example.net>",
        "sender": "anne@example.net",
    }
    assert heard.peer is not None
    assert not any(b"canary" in body for _, body in heard.peer.requests)


def test_what_failed_never_happened(site: Sandbox, heard: Heard) -> None:
    """An operation that is refused after its event leaves no trace: nobody is told of it."""
    site.rest.create_list("cow@example.com")
    with pytest.raises(Exception, match="400"):
        site.rest("lists", {"fqdn_listname": "cow@example.com"})
    site.rest.create_list("dog@example.com")
    heard.told("ListCreatedEvent", list_id="dog.example.com")
    created = [event for event in heard.events() if event.name == "ListCreatedEvent"]
    assert [event.data["list_id"] for event in created].count("cow.example.com") == 1


def test_killed(site: Sandbox, heard: Heard) -> None:
    """When the sender is killed, all arrives in order, and only what was under way twice, under the same ID."""
    for number in range(3):
        list_id = f"killed{number}.example.com"
        site.rest.create_list(f"killed{number}@example.com")
        site.rest.subscribe(list_id, f"anne{number}@example.net")
        site.kill("events", signal.SIGKILL)
    heard.told("SubscriptionEvent", list_id="killed2.example.com")
    events = heard.events()
    by_sequence = {event.sequence: event.id for event in events}
    assert all(by_sequence[event.sequence] == event.id for event in events)
    assert sorted(by_sequence) == list(range(1, max(by_sequence) + 1))
    # In order, but for what is sent once more after a kill.
    first_seen = list(dict.fromkeys(event.sequence for event in events))
    assert first_seen == sorted(first_seen)


def test_receiver_is_down(site: Sandbox, heard: Heard) -> None:
    """What happens meanwhile arrives when it is back."""
    heard.down = True
    try:
        site.rest.create_list("elk@example.com")
        site.rest.create_list("fox@example.com")
    finally:
        heard.down = False
    heard.told("ListCreatedEvent", list_id="elk.example.com")
    heard.told("ListCreatedEvent", list_id="fox.example.com")


def test_mistake_in_the_settings(tmp_path: Any, new_database: Callable[[], str | None]) -> None:
    """Mailman goes on without the plugin, and its log names file, section and mend, but no key."""
    configuration = tmp_path / "events.cfg"
    settings = settings_for(configuration, f"[endpoint.web]\nurl: lists.example.com\napi_key: {KEY}\nevents: .*\n")
    site = Sandbox(tmp_path / "sandbox", Options(plugin=False, database_url=new_database(), settings=settings))
    site.start()
    try:
        runner = site.runner_pid("events")
        assert site.rest.create_list("ant@example.com") == "ant.example.com"
        until(lambda: "mailman-rest-events sends nothing" in site.logs(), "the runner to say why it does nothing")
        assert site.runner_pid("events") == runner
        logs = site.logs()
    finally:
        site.stop()
    assert f"In [endpoint.web] of {configuration}: url must begin with https://" in logs
    assert KEY not in logs


def test_schema_is_json(heard: Heard) -> None:
    """The body is what any program reads as JSON."""
    assert heard.peer is not None
    assert all(isinstance(json.loads(body), dict) for _, body in heard.peer.requests)


def test_administration(site: Sandbox, heard: Heard) -> None:
    """Operators see how it goes, have an event sent again, and try an endpoint; at the command line and by REST."""
    list_id = site.rest.create_list("gnu@example.com")
    event = heard.told("ListCreatedEvent", list_id=list_id)
    found = json.loads(site.mailman_quickly("events", "status", "--json").stdout)
    assert (found["started"], found["attention"]) == (True, [])
    assert [(each["name"], each["state"]) for each in found["endpoints"]] == [("all", "well"), ("nobody", "failing")]
    assert "can't be reached" in site.rest("plugins/events/endpoints/nobody")["problem"]
    done = site.mailman_quickly("events", "replay", event.id, "--endpoint", "all")
    assert (done.returncode, done.stdout) == (0, "To be sent again: 1 delivery.\n")
    until(lambda: [each.id for each in heard.events()].count(event.id) > 1, "the same event again")
    first, again = (each.sequence for each in heard.events() if each.id == event.id)
    assert again > first
    pinged = site.rest("plugins/events/endpoints/nobody/ping", {})
    assert (pinged["taken"], pinged["problem"]) == (False, "It can't be reached: Connection refused.")
    refused = site.mailman_quickly("events", "ping", "nobody")
    assert (refused.returncode, pinged["problem"] in refused.stderr) == (1, True)
