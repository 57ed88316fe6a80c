"""All encrypted lists at a glance: what a site's admin needs to see, in a few queries however many lists and members there are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from keys import DAY, forge_usable
from sqlalchemy import event, update

from mailman_pgp import openpgp

if TYPE_CHECKING:
    from conftest import Door, Members

ANNE, BART, CRIS, DORA, EVAN = (f"{name}@example.com" for name in ("anne", "bart", "cris", "dora", "evan"))


def glanced(door: Door, list_id: str = "ant.example.com") -> Any:
    """How a list is shown among all."""
    (found,) = [one for one in door.get("/lists")["entries"] if one["list_id"] == list_id]
    return found


def let_count(door: Door, certificate: bytes, address: str) -> None:
    """Let a certificate count for somebody, also one that REST would refuse."""
    from mailman_pgp.keys import registry  # noqa: PLC0415 - core must be initialised

    registry.add("ant.example.com", address, openpgp.inspect(certificate), origin="test")
    door.store.commit()


def delivery(door: Door, address: str, **preferences: Any) -> None:
    """Set what somebody wants to receive, as members do."""
    member = door.mlist().members.get_member(address)
    for name, value in preferences.items():
        setattr(member.preferences, name, value)
    door.store.commit()


def test_who_gets_nothing(members: Members, door: Door, encrypted: str) -> None:
    """The numbers are those of a survey, which asks delivery about each: whatever keeps somebody from getting posts."""
    from mailman.interfaces.member import DeliveryMode, DeliveryStatus  # noqa: PLC0415 - core must be initialised

    from mailman_pgp.model.database import now as naive_now  # noqa: PLC0415
    from mailman_pgp.model.tables import EncryptedList  # noqa: PLC0415
    from mailman_pgp.overview.survey import survey  # noqa: PLC0415

    door.mlist().digests_enabled = False
    for address in (ANNE, BART, CRIS, DORA, EVAN):
        members.add(door.mlist(), address)
    members.add(door.mlist(), ANNE, as_user=True)  # twice, and one person
    members.add(door.mlist(), "olga@example.com", role="owner")
    let_count(door, forge_usable(f"<{ANNE}>").public, ANNE)
    let_count(door, forge_usable(f"<{BART}>", lifetime=DAY).public, BART)  # has expired
    let_count(door, forge_usable(f"<{CRIS}>").public, CRIS)
    let_count(door, forge_usable(f"<{DORA}>").public, DORA)

    def same() -> Any:
        here, there = glanced(door), door.get(encrypted)
        assert {name: there[name] for name in here if name != "http_etag"} == {
            name: value for name, value in here.items() if name != "http_etag"
        }
        asked = survey(door.mlist(), door.store.get(EncryptedList, "ant.example.com"), naive_now())
        members = {"total": asked.members, "receiving": asked.receiving, "getting_nothing": asked.getting_nothing}
        assert (here["members"], here["attention"]) == (members, asked.attention)
        door.store.commit()
        return here["members"]

    assert same() == {"total": 6, "receiving": 5, "getting_nothing": 2}
    delivery(door, CRIS, delivery_mode=DeliveryMode.plaintext_digests)
    assert same() == {"total": 6, "receiving": 5, "getting_nothing": 3}
    delivery(door, EVAN, delivery_status=DeliveryStatus.by_user)
    assert same() == {"total": 6, "receiving": 4, "getting_nothing": 2}
    door.good("POST", f"{encrypted}/certificates/{DORA}", {"action": "suspend"})
    assert same() == {"total": 6, "receiving": 4, "getting_nothing": 3}
    # Somebody with two memberships gets posts by one of them.
    delivery(door, ANNE, delivery_mode=DeliveryMode.plaintext_digests)
    assert same() == {"total": 6, "receiving": 4, "getting_nothing": 3}


def test_certificate_that_has_ended_since(members: Members, door: Door, encrypted: str) -> None:
    """What was good when it was judged last, and is over now, counts for nothing."""
    from mailman_pgp.model.database import now as naive_now  # noqa: PLC0415 - core must be initialised
    from mailman_pgp.model.tables import StoredCertificate  # noqa: PLC0415

    members.add(door.mlist(), ANNE)
    let_count(door, forge_usable(f"<{ANNE}>").public, ANNE)
    assert glanced(door)["members"]["getting_nothing"] == 0
    door.store.execute(update(StoredCertificate).values(usable_until=naive_now()))
    door.store.commit()
    assert glanced(door)["members"]["getting_nothing"] == 1
    assert encrypted


def test_list_key(members: Members, door: Door, encrypted: str) -> None:
    """When the key ends is said in days; with one that has ended nobody gets anything."""
    from datetime import timedelta  # noqa: PLC0415

    from mailman_pgp.model.database import now as naive_now  # noqa: PLC0415 - core must be initialised
    from mailman_pgp.model.tables import ListKey  # noqa: PLC0415

    members.add(door.mlist(), ANNE)
    let_count(door, forge_usable(f"<{ANNE}>").public, ANNE)
    assert glanced(door)["attention"] is False
    for left, nothing in ((timedelta(days=10, hours=1), 0), (timedelta(days=-2, hours=1), 1)):
        door.store.execute(update(ListKey).values(expires=naive_now() + left))
        door.store.commit()
        found = glanced(door)
        assert found["list_key"]["days_left"] == left.days
        assert (found["list_key"]["expired"], found["members"]["getting_nothing"]) == (nothing == 1, nothing)
        assert found["attention"] is bool(nothing)
        assert door.get(encrypted)["list_key"] == found["list_key"]
    door.store.execute(ListKey.__table__.delete())
    door.store.commit()
    assert (glanced(door)["list_key"], glanced(door)["attention"]) == (None, True)


def let_wait(door: Door, *, requests: list[str], keys: list[str], posts: int) -> None:
    """Let people ask to join, and for other keys, and posts wait for a moderator."""
    from mailman.app.moderator import hold_message  # noqa: PLC0415 - core must be initialised
    from mailman.email.message import Message  # noqa: PLC0415
    from mailman.interfaces.subscriptions import ISubscriptionManager  # noqa: PLC0415
    from mailman.interfaces.usermanager import IUserManager  # noqa: PLC0415
    from zope.component import getUtility  # noqa: PLC0415

    from mailman_pgp.conversation.asking_moderators import ask_about_change  # noqa: PLC0415

    mlist = door.mlist()
    for address in requests:
        ISubscriptionManager(mlist).register(getUtility(IUserManager).create_address(address), pre_verified=True)
    for address in keys:
        ask_about_change(mlist, address, openpgp.inspect(forge_usable(f"<{address}>").public))
    for _ in range(posts):
        hold_message(mlist, Message(), {}, "")
    door.store.commit()


def test_what_waits(make_list: Any, members: Members, door: Door, encrypted: str) -> None:
    """Requests, keys and posts that wait are counted, and only those of the list."""
    from mailman_pgp.conversation import questions  # noqa: PLC0415 - core must be initialised

    questions.install()
    make_list("bee")
    door.good("POST", "/lists", {"list_id": "bee.example.com"})
    assert door.get(encrypted)["waiting"] == {"requests": 0, "changes": 0, "held": 0}
    members.add(door.mlist(), ANNE)
    let_count(door, forge_usable(f"<{ANNE}>").public, ANNE)
    let_wait(door, requests=[BART], keys=[ANNE, ANNE], posts=3)
    expected = {"requests": 1, "changes": 2, "held": 3}
    assert glanced(door)["waiting"] == door.get(encrypted)["waiting"] == expected
    assert glanced(door, "bee.example.com")["waiting"] == {"requests": 0, "changes": 0, "held": 0}
    token = door.get(f"{encrypted}/changes")["entries"][0]["token"]
    door.good("POST", f"{encrypted}/changes/{token}", {"action": "discard"})
    assert glanced(door)["waiting"] == expected | {"changes": 1}


@pytest.mark.usefixtures("encrypted")
def test_cost(make_list: Any, members: Members, door: Door) -> None:
    """Neither more lists nor more members take more queries; pages go on where the last one ended."""
    statements: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        statements.append(statement)

    engine = door.store.get_bind()
    event.listen(engine, "before_cursor_execute", note)
    try:
        door.get("/lists")
        few, statements[:] = len(statements), []
        for number in range(4):
            make_list(f"bee{number}")
            door.good("POST", "/lists", {"list_id": f"bee{number}.example.com"})
        for number in range(4):
            members.add(door.mlist(), f"person{number}@example.com")
        statements.clear()
        assert door.get("/lists")["total_size"] == 5
        assert len(statements) == few
    finally:
        event.remove(engine, "before_cursor_execute", note)
    second = door.get("/lists?page=2&count=2")
    assert (second["start"], [one["list_id"] for one in second["entries"]]) == (
        2,
        ["bee1.example.com", "bee2.example.com"],
    )
