"""What happens on an encrypted list reaches an endpoint, whichever door it came by; and with it nobody who writes, and no word."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import jsonschema_rs
import pytest
from conversations import asked, clear, confirmed, moderator, reply, set_policy, tell, until_says
from keys import DAY, forge_usable, now
from listening import listening
from people import EncryptedList, Person

from django_pgpmailman.sandbox.events import settings_for
from mailman_pgp.events.described import EVENTS
from mailman_pgp.openpgp import inspect
from mailman_pgp.openpgp.memberkeys import MemberKey
from mailman_pgp.sandbox.client import Sandbox
from mailman_pgp.sandbox.configuration import Options
from mailman_rest_events.schemas import schema_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from keys import Forged
    from listening import Heard

CANARY = "kestrel"


@pytest.fixture(scope="module")
def heard() -> Iterator[Heard]:
    """The receiver of all events."""
    with listening() as made:
        yield made


@pytest.fixture(scope="module")
def site(
    tmp_path_factory: pytest.TempPathFactory, new_database: Callable[[], str | None], heard: Heard
) -> Iterator[Sandbox]:
    """A Mailman with both plugins."""
    directory = tmp_path_factory.mktemp("events")
    settings = settings_for(directory / "events.cfg", heard.section)
    with Sandbox(directory / "sandbox", Options(database_url=new_database(), settings=settings)) as running:
        yield running


@pytest.fixture
def ants(site: Sandbox) -> EncryptedList:
    """A new encrypted list, which people join by themselves."""
    made = EncryptedList.make(site)
    set_policy(made, "confirm")
    return made


def of(heard: Heard, ants: EncryptedList) -> list[tuple[str, dict[str, Any]]]:
    """What was told of a list by us, as the schemas say: names and values, without the list, in their order."""
    assert heard.peer is not None
    schemas = {event.name: schema_of(event) for event in EVENTS}
    found = []
    for _, text in list(heard.peer.requests):
        body = json.loads(text)
        if body["name"] in schemas and body["event"]["list_id"] == ants.list_id:
            jsonschema_rs.validate(schemas[body["name"]], body)
            found.append((body["name"], {name: value for name, value in body["event"].items() if name != "list_id"}))
    return found


def key_of(person: Person, **more: Any) -> dict[str, Any]:
    """What is told of the key of a person."""
    return {"address": person.address, "fingerprint": person.key.fingerprint, **more}


def decide(person: Person, action: str) -> None:
    """An owner decides about somebody's key, by REST."""
    path = f"certificates/{person.address}"
    person.list.rest(path, {"action": action, "fingerprint": person.key.fingerprint, "by": "olga@example.net"})


def test_life_of_a_key(ants: EncryptedList, heard: Heard) -> None:
    """It is offered, proven, approved, compared, suspended, resumed, replaced and removed: by mail, REST and command line."""
    anne, mona = ants.person("Anne"), moderator(ants)
    confirmed(anne, clear(anne, "join", attached=anne.key.certificate))
    until_says(anne, "You are a member now.")
    decide(anne, "approve")
    decide(anne, "compare")
    ants.pgp("certificate", "suspend", ants.list_id, anne.address)
    ants.pgp("certificate", "resume", ants.list_id, anne.address)
    new = replace(anne, key=MemberKey.generate(f"Anne <{anne.address}>"))
    confirmed(new, clear(new, subject="key change", attached=new.key.certificate))
    tell(mona, reply(mona, asked(mona), "accept"))
    until_says(mona, "From now on this key counts")
    ants.forget(new)
    heard.told("KeyRemovedEvent", address=anne.address)
    assert [told for told in of(heard, ants) if told[1].get("address") == anne.address] == [
        ("KeyOfferedEvent", key_of(anne, waits_for="proof")),
        ("KeyAddedEvent", key_of(anne, door="mail")),
        ("KeyProvenEvent", key_of(anne, door="mail")),
        ("KeyApprovedEvent", key_of(anne, door="rest")),
        ("KeyComparedEvent", key_of(anne, door="rest")),
        ("KeySuspendedEvent", key_of(anne, door="cli")),
        ("KeyResumedEvent", key_of(anne, door="cli")),
        ("KeyOfferedEvent", key_of(new, waits_for="proof")),
        ("KeyOfferedEvent", key_of(new, waits_for="moderator")),
        ("KeyChangedEvent", key_of(new, door="mail", earlier=anne.key.fingerprint)),
        ("KeyRemovedEvent", key_of(new, door="rest")),
    ]


def brings(person: Person, made: Forged, command: str) -> None:
    """Somebody mails a newer copy of their key."""
    tell(person, clear(person, subject=command, attached=made.public))


def test_what_a_key_says_of_itself(ants: EncryptedList, heard: Heard) -> None:
    """That it ends soon, that there is a newer copy, and that it is revoked."""
    vera = ants.person("Vera")
    made = forge_usable(f"Vera <{vera.address}>", age=100 * DAY, lifetime=110 * DAY)
    vera = replace(vera, key=MemberKey(made.secret))
    ants.join(vera, made.public)
    ants.sandbox.kill("out")  # the next process does at once what is done daily
    expiring = heard.told("KeyExpiringEvent", **key_of(vera))
    assert expiring.data["days"] == 14
    ends = inspect(made.public).expires
    assert ends is not None
    assert expiring.data["expires"] == f"{ends.isoformat()}Z"
    made.user_id(f"Vera <vera@{ants.number}.example.org>")
    brings(vera, made, "key refresh")
    heard.told("KeyUpdatedEvent", **key_of(vera, door="mail"))
    made.revoke(at=now() - DAY)
    brings(vera, made, "key revoke")
    heard.told("KeyRevokedEvent", **key_of(vera, door="mail"))
    names = ["KeyAddedEvent", "KeyExpiringEvent", "KeyUpdatedEvent", "KeyRevokedEvent"]
    assert [name for name, told in of(heard, ants) if told.get("address") == vera.address] == names


def test_the_list(ants: EncryptedList, heard: Heard) -> None:
    """Its key is told when it is encrypted and when it is not any more; its settings when they change, from either door."""
    fingerprint = inspect(ants.certificate).fingerprint
    ants.pgp("set", ants.list_id, "footer_note=no", "leave_delay_days=7")
    path = f"plugins/pgp/lists/{ants.list_id}"
    ants.sandbox.rest(path, {"lost_key_leave": "delay", "leave_delay_days": "9", "footer_note": "no"}, "PATCH")
    ants.sandbox.rest(path, {"lost_key_leave": "delay"}, "PATCH")
    ants.pgp("disable", ants.list_id, "--yes")
    heard.told("ListKeyChangedEvent", list_id=ants.list_id, fingerprint=None)
    assert of(heard, ants) == [
        ("ListKeyChangedEvent", {"fingerprint": fingerprint}),
        ("ListSettingsChangedEvent", {"settings": ["footer_note"]}),
        ("ListSettingsChangedEvent", {"settings": ["lost_key_leave", "leave_delay_days"]}),
        ("ListKeyChangedEvent", {"fingerprint": None}),
    ]


def test_a_member_who_is_skipped(ants: EncryptedList, heard: Heard) -> None:
    """They are told of once, with the first post; nothing that is told names who wrote it, or has a word of it."""
    assert heard.peer is not None
    anne, bart = ants.member("Anne"), ants.member_without_certificate("Bart")
    before = len(heard.peer.requests)
    for number in range(2):
        anne.post(f"The {CANARY} flies", subject=f"A {CANARY}")
        anne.mail(number + 1)
    ants.sandbox.wait_until_idle()
    ants.pgp("set", ants.list_id, "footer_note=no")
    heard.told("ListSettingsChangedEvent", list_id=ants.list_id)
    skipped = {"reason": "no-certificate", "count": 1, "address": bart.address}
    assert [told for told in of(heard, ants) if told[0] == "MemberSkippedEvent"] == [("MemberSkippedEvent", skipped)]
    since = [json.loads(body) for _, body in heard.peer.requests[before:]]
    mine = [body for body in since if (body["event"] or {}).get("list_id") == ants.list_id]
    assert [body["name"] for body in mine].count("AcceptEvent") >= 2  # it is told that there were posts
    assert anne.address not in json.dumps(mine)
    assert CANARY not in json.dumps(since)


def test_what_was_undone_never_happened(ants: EncryptedList, heard: Heard) -> None:
    """Somebody who is banned offers a key, and proves it together with a request to join, which is refused: both are undone."""
    ants.sandbox.rest(f"lists/{ants.list_id}/bans", {"email": f"anne{ants.number}@example.net"})
    anne = ants.person("Anne")
    confirmed(anne, clear(anne, "join", attached=anne.key.certificate))
    until_says(anne, "can't join this list")
    bart = ants.member("Bart")
    heard.told("KeyAddedEvent", address=bart.address)
    assert [told for told in of(heard, ants) if told[1].get("address") == anne.address] == [
        ("KeyOfferedEvent", key_of(anne, waits_for="proof"))
    ]
