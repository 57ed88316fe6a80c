"""An owner sees whether posts reach a member: a test message is sent by the way of posts, or it is said why none would come."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from keys import DAY, forge_usable
from sqlalchemy import update
from told import told as on_their_way

from mailman_pgp import openpgp

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Door, MakeCertificate, Members

ANNE, BART, OLGA = "anne@example.com", "bart@example.com", "olga@example.com"


@pytest.fixture
def anne(members: Members, door: Door, encrypted: str, make: MakeCertificate) -> str:
    """The fingerprint of a member whose certificate counts."""
    members.add(door.mlist(), ANNE)
    fingerprint, armored = make()
    door.good("POST", f"{encrypted}/certificates", {"address": ANNE, "certificate": armored})
    on_their_way()
    return fingerprint


def refused(door: Door, encrypted: str, address: str = ANNE) -> tuple[str, str]:
    """Code and sentence of a test that is refused; nothing is on its way."""
    result = door("POST", f"{encrypted}/test", {"address": address})
    assert result.status_code == 409, result.text
    assert on_their_way() == []
    return result.json["code"], result.json["description"]


def test_on_its_way(core: Any, door: Door, encrypted: str, anne: str, caplog: pytest.LogCaptureFixture) -> None:
    """It waits as a post does, for the one member, sealed; the answer says to which key, and where its fate will be shown."""
    from mailman_pgp.posts.record import Kind, Record  # noqa: PLC0415 - core must be initialised
    from mailman_pgp.posts.sealed import SealedDelivery  # noqa: PLC0415

    caplog.set_level("INFO")
    answer = door.good("POST", f"{encrypted}/test", {"address": "Anne@example.com", "by": OLGA})
    assert answer.status_code == 202
    assert (answer.json["address"], answer.json["fingerprint"]) == (ANNE, anne)
    assert answer.json["post_link"].startswith(door.get(encrypted)["links"]["posts"])
    assert f"a test message was sent to {ANNE}, asked by {OLGA}" in caplog.text
    out = core.switchboards["out"]
    (name,) = out.files
    assert b"test message" not in Path(out.queue_directory, f"{name}.pck").read_bytes()
    message, msgdata = out.dequeue(name)
    out.finish(name)
    assert isinstance(message, SealedDelivery)
    assert msgdata["recipients"] == [ANNE]
    record = Record.of(msgdata)
    assert record is not None
    assert (record.kind, record.message_id) == (Kind.POST, answer.json["message_id"])
    payload = message.unseal("ant.example.com", record).entity
    assert b"Subject: [Ant] A test message of Ant" in payload
    assert openpgp.grouped(anne).encode() in payload
    assert b"Written by" not in payload


def test_certificates_that_are_not_used(members: Members, door: Door, encrypted: str, anne: str) -> None:
    """The reason is that for which posts don't come: none, suspended, expired."""
    from mailman_pgp.keys import registry  # noqa: PLC0415 - core must be initialised

    members.add(door.mlist(), BART)
    on_their_way()
    code, sentence = refused(door, encrypted, BART)
    assert code == "gets-nothing"
    assert sentence == (
        f"{BART} gets nothing from ant@example.com: no certificate. Ask them for their certificate, and add it."
    )
    expired = openpgp.inspect(forge_usable(f"<{BART}>", lifetime=DAY).public)
    registry.add("ant.example.com", BART, expired, origin="test")
    door.store.commit()
    assert "has expired" in refused(door, encrypted, BART)[1]
    door.good("POST", f"{encrypted}/certificates/{ANNE}", {"action": "suspend"})
    on_their_way()
    assert "is suspended" in refused(door, encrypted)[1]
    assert anne


def test_who_gets_no_posts(members: Members, door: Door, encrypted: str, make: MakeCertificate, anne: str) -> None:
    """Who is no member, has switched delivery off, chose digests, or is a list itself."""
    from mailman.interfaces.member import DeliveryMode, DeliveryStatus  # noqa: PLC0415 - core must be initialised

    members.add(door.mlist(), OLGA, role="owner")
    members.add(door.mlist(), "ant-owner@example.com")
    for address in (OLGA, "nora@example.com"):
        door.good("POST", f"{encrypted}/certificates", {"address": address, "certificate": make(address)[1]})
    on_their_way()
    for address in (OLGA, "nora@example.com"):
        assert refused(door, encrypted, address)[0] == "not-a-member"
    assert refused(door, encrypted, "ant-owner@example.com")[0] == "is-a-list"
    door.mlist().digests_enabled = False
    door.mlist().members.get_member(ANNE).preferences.delivery_mode = DeliveryMode.plaintext_digests
    door.store.commit()
    assert "chose digests" in refused(door, encrypted)[1]
    door.mlist().members.get_member(ANNE).preferences.delivery_status = DeliveryStatus.by_bounces
    door.store.commit()
    code, sentence = refused(door, encrypted)
    assert code == "no-delivery"
    assert "Switch it on" in sentence
    assert anne


def test_list_key_that_has_ended(door: Door, encrypted: str, anne: str) -> None:
    """Nobody gets anything then, and that is said."""
    from mailman_pgp.model.database import now  # noqa: PLC0415 - core must be initialised
    from mailman_pgp.model.tables import ListKey  # noqa: PLC0415

    door.store.execute(update(ListKey).values(expires=now()))
    door.store.commit()
    assert refused(door, encrypted)[0] == "list-key"
    assert anne


def test_not_too_often(core: Any, door: Door, encrypted: str, anne: str, told: Callable[[], list[set[str]]]) -> None:
    """A person is sent as many in a day as answers, and no more: an owner floods nobody."""
    limit = int(core.mta.max_autoresponses_per_day)
    for _ in range(limit):
        door.good("POST", f"{encrypted}/test", {"address": ANNE})
    assert told() == [{ANNE}] * limit
    code, sentence = refused(door, encrypted)
    assert code == "answered-too-often"
    assert "tomorrow" in sentence
    assert anne
