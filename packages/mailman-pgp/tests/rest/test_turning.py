"""Before encryption is turned on or off, it is said what will come of it; and then just that comes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Door, MakeCertificate, Members

ANNE, BART, CRIS, OLGA = (f"{name}@example.com" for name in ("anne", "bart", "cris", "olga"))
PLAIN = "/lists/ant.example.com"


def settings(door: Door) -> dict[str, Any]:
    """Core's settings that encryption is about, as they are."""
    from mailman_pgp.lists import core_settings  # noqa: PLC0415 - core must be initialised

    return core_settings.current(door.mlist())


def then(plan: Any) -> dict[str, Any]:
    """What a plan says that the settings will be."""
    return {setting["name"]: setting["then"] for setting in plan["settings"]}


def said(plan: Any) -> str:
    """The effects in a plan, as one text."""
    assert all(sentence.endswith(".") for sentence in plan["effects"])
    return " ".join(plan["effects"])


@pytest.fixture
def people(mlist: Any, members: Members, door: Door) -> None:
    """Three members of the plain list, one of whom has chosen digests; and an owner."""
    from mailman.interfaces.member import DeliveryMode  # noqa: PLC0415 - core must be initialised
    from mailman.testing.helpers import get_queue_messages  # noqa: PLC0415

    for address in (ANNE, BART, CRIS):
        members.add(mlist, address)
    members.add(mlist, OLGA, role="owner")
    mlist.members.get_member(CRIS).preferences.delivery_mode = DeliveryMode.plaintext_digests
    door.store.commit()
    get_queue_messages("virgin")  # core's welcome


@pytest.mark.usefixtures("people")
def test_enabling(door: Door, rows: Callable[[], dict[str, int]]) -> None:
    """The numbers, the sentences, and each setting; nothing is changed before it is done, and then all of it is."""
    from mailman.interfaces.archiver import ArchivePolicy  # noqa: PLC0415 - core must be initialised

    door.mlist().archive_policy = ArchivePolicy.public
    door.store.commit()
    before, were = rows(), settings(door)
    plan = door.get(f"{PLAIN}/enabling")
    assert (plan["possible"], plan["obstacles"]) == (True, [])
    assert plan["members"] == {"total": 3, "receiving": 3, "getting_nothing": 3}
    text = said(plan)
    assert "All 3 members who receive posts get nothing until a certificate of theirs counts" in text
    assert "1 member of these has chosen digests" in text
    assert "1 owner or moderator will need a certificate here" in text
    assert "Everybody who proves a key can join" in text
    assert {"name": "archive_policy", "now": "public", "then": "private"} in plan["settings"]
    assert (rows(), settings(door)) == (before, were)
    assert door("GET", PLAIN).status_code == 404

    door.good("POST", "/lists", {"list_id": "ant.example.com"})
    assert settings(door) == {**were, **then(plan)}
    assert door.get(PLAIN)["members"] == plan["members"]
    assert "is an encrypted list already" in door.refused(409, "GET", f"{PLAIN}/enabling")


@pytest.mark.usefixtures("people")
def test_all_obstacles_at_once(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each is said, with what to do, and it is refused for just these."""
    from mailman.app.moderator import hold_message  # noqa: PLC0415 - core must be initialised
    from mailman.email.message import Message  # noqa: PLC0415

    from mailman_workflows import components  # noqa: PLC0415

    door.mlist().anonymous_list = True
    hold_message(door.mlist(), Message(), {}, "")
    door.store.commit()
    monkeypatch.delitem(components._found, "pgp-join")
    plan = door.get(f"{PLAIN}/enabling")
    assert plan["possible"] is False
    workflows, anonymous, held = plan["obstacles"]
    assert "restart Mailman" in workflows
    assert "`anonymous_list` to no" in anonymous
    assert held.startswith("1 held message waits")
    sentence = door.refused(409, "POST", "/lists", {"list_id": "ant.example.com"})
    assert all(obstacle in sentence for obstacle in plan["obstacles"])


@pytest.mark.usefixtures("people")
def test_disabling(door: Door, make: MakeCertificate, rows: Callable[[], dict[str, int]]) -> None:
    """What is lost is said, and what comes back; nothing is changed before it is done."""
    were = settings(door)
    assert "is not an encrypted list" in door.refused(404, "GET", f"{PLAIN}/disabling")
    door.good("POST", "/lists", {"list_id": "ant.example.com"})
    door.good("POST", f"{PLAIN}/certificates", {"address": ANNE, "certificate": make()[1]})
    before, now = rows(), settings(door)
    plan = door.get(f"{PLAIN}/disabling")
    assert plan["possible"] is True
    text = said(plan)
    assert "in the clear" in text
    assert "The secret key of the list will be destroyed for good" in text
    assert "Which certificate counts for 1 address is forgotten" in text
    assert plan["members"]["getting_nothing"] == 0
    assert (rows(), settings(door)) == (before, now)
    door.good("DELETE", f"{PLAIN}?confirm={door.get(PLAIN)['list_key']['fingerprint']}")
    assert settings(door) == were == {**now, **then(plan)}


@pytest.mark.usefixtures("people")
def test_obstacles_to_the_end(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    """Held posts, which nobody could open any more, and workflows that are gone, are said at once."""
    from mailman.app.moderator import hold_message  # noqa: PLC0415 - core must be initialised
    from mailman.email.message import Message  # noqa: PLC0415

    from mailman_workflows import components  # noqa: PLC0415

    door.good("POST", "/lists", {"list_id": "ant.example.com"})
    hold_message(door.mlist(), Message(), {}, "")
    door.store.commit()
    monkeypatch.delitem(components._found, "join")
    plan = door.get(f"{PLAIN}/disabling")
    held, workflows = plan["obstacles"]
    assert "1 held message, sealed for the encrypted list" in held
    assert "are not installed any more" in workflows
    fingerprint = door.get(PLAIN)["list_key"]["fingerprint"]
    sentence = door.refused(409, "DELETE", f"{PLAIN}?confirm={fingerprint}")
    assert all(obstacle in sentence for obstacle in plan["obstacles"])
    assert door.get(PLAIN)
