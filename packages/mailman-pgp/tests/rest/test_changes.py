"""Keys that wait for a moderator are seen and decided about."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from mailman_pgp import openpgp

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Door, MakeCertificate, Members

ANNE, BART, OLGA = "anne@example.com", "bart@example.com", "olga@example.com"


@pytest.fixture
def asked(members: Members, door: Door, encrypted: str, make: MakeCertificate) -> tuple[str, str]:
    """Anne, a member, has asked for another key: the fingerprints of the one that counts, and of the other."""
    from mailman_pgp.conversation import questions  # noqa: PLC0415 - after the fixtures of core

    questions.install()
    members.add(door.mlist(), ANNE)
    old, armored = make()
    door.good("POST", f"{encrypted}/certificates", {"address": ANNE, "certificate": armored})
    return old, ask(door, *make())


def ask(door: Door, fingerprint: str, armored: str, address: str = ANNE) -> str:
    """Somebody has proved that they hold another key, and a moderator has to decide; its fingerprint."""
    from mailman_pgp.conversation.asking_moderators import ask_about_change  # noqa: PLC0415 - core must be initialised

    ask_about_change(door.mlist(), address, openpgp.read_certificate(armored.encode()))
    door.store.commit()
    return fingerprint


def test_seen(door: Door, encrypted: str, asked: tuple[str, str]) -> None:
    """A moderator sees all of both keys, and until when it waits."""
    assert door.get(encrypted)["links"]["changes"].endswith(f"{encrypted}/changes")
    (found,) = door.get(f"{encrypted}/changes")["entries"]
    old, new = asked
    assert (found["address"], found["member"], found["outdated"]) == (ANNE, True, False)
    assert (found["earlier"], found["counting"]) == (old, old)
    key = found["certificate"]
    assert (key["fingerprint"], key["user_ids"], key["usable"]) == (new, [f"<{ANNE}>"], True)
    before = found["chosen"]
    assert (before["fingerprint"], before["user_ids"], before["usable"]) == (old, [f"<{ANNE}>"], True)
    assert before.keys() == key.keys()
    assert found["since"] < found["expires"]
    assert door.get(f"{encrypted}/changes/{found['token']}")["certificate"] == key
    file = door.good("GET", f"{encrypted}/changes/{found['token']}/certificate.asc")
    assert file.text == key["armored"]
    assert file.headers["content-type"] == "application/pgp-keys"


def test_accepted(door: Door, encrypted: str, asked: tuple[str, str]) -> None:
    """It counts, as approved, and the journal has who decided and by which door; it is done once."""
    old, new = asked
    change = f"{encrypted}/changes/{door.get(f'{encrypted}/changes')['entries'][0]['token']}"
    answer = door.good("POST", change, {"action": "accept", "by": OLGA}).json
    assert (answer["address"], answer["fingerprint"], answer["action"], answer["requests"]) == (ANNE, new, "accept", [])
    shown = door.get(f"{encrypted}/certificates/{ANNE}")
    assert (shown["certificate"]["fingerprint"], shown["state"]) == (new, "approved")
    event = shown["events"][0]
    assert (event["act"], event["door"], event["by"], event["earlier"]) == ("changed", "rest", OLGA, old)
    for method, path, form in (
        ("POST", change, {"action": "accept"}),
        ("GET", change, None),
        ("GET", f"{change}/certificate.asc", None),
    ):
        assert "somebody has decided about it" in door.refused(404, method, path, form)
    assert "entries" not in door.get(f"{encrypted}/changes")


@pytest.mark.parametrize("action", ["reject", "discard"])
def test_not_accepted(
    door: Door, encrypted: str, asked: tuple[str, str], told: Callable[[], list[Any]], action: str
) -> None:
    """Nothing is changed, and its person is told or not."""
    change = f"{encrypted}/changes/{door.get(f'{encrypted}/changes')['entries'][0]['token']}"
    told()
    door.good("POST", change, {"action": action})
    assert door.get(f"{encrypted}/certificates/{ANNE}")["certificate"]["fingerprint"] == asked[0]
    assert [ANNE in recipients for recipients in told()] == ([True] if action == "reject" else [])
    assert door.get(f"{encrypted}/changes")["total_size"] == 0


def test_not_acceptable(door: Door, encrypted: str, asked: tuple[str, str]) -> None:
    """What was suspended meanwhile stays suspended; the key goes on waiting, and says why."""
    old, _ = asked
    change = f"{encrypted}/changes/{door.get(f'{encrypted}/changes')['entries'][0]['token']}"
    door.good("POST", f"{encrypted}/certificates/{ANNE}", {"action": "suspend"})
    found = door.get(change)
    assert (found["earlier"], found["counting"], found["outdated"]) == (old, None, True)
    assert "is not the one any more that you were shown" in door.refused(409, "POST", change, {"action": "accept"})
    assert "takes one of: accept, reject, discard" in door.refused(400, "POST", change, {"action": "approve"})
    assert door.get(f"{encrypted}/certificates/{ANNE}")["state"] == "suspended"
    door.good("POST", f"{encrypted}/certificates/{ANNE}", {"action": "resume", "fingerprint": old})
    door.good("POST", change, {"action": "accept"})


def test_in_place_of_a_suspended_one(door: Door, encrypted: str, members: Members, make: MakeCertificate) -> None:
    """Whoever decides sees that an owner has suspended the key until now: to accept the other one ends that."""
    from mailman_pgp.conversation import questions  # noqa: PLC0415 - after the fixtures of core

    questions.install()
    members.add(door.mlist(), ANNE)
    old, armored = make()
    door.good("POST", f"{encrypted}/certificates", {"address": ANNE, "certificate": armored})
    ask(door, *make())
    (found,) = door.get(f"{encrypted}/changes")["entries"]
    assert (found["suspended"], found["outdated"]) == (False, False)
    door.good("POST", f"{encrypted}/certificates/{ANNE}", {"action": "suspend"})
    ask(door, *make())
    before, after = door.get(f"{encrypted}/changes")["entries"]
    assert (before["suspended"], before["outdated"]) == (True, True)
    assert (after["suspended"], after["outdated"], after["earlier"], after["counting"]) == (True, False, old, None)
    assert (after["chosen"]["fingerprint"], after["chosen"]["usable"]) == (old, False)


@pytest.mark.usefixtures("asked")
def test_pages(make_list: Any, door: Door, encrypted: str, make: MakeCertificate) -> None:
    """The oldest first, page by page, and nothing of it at another list."""
    make_list("bee")
    door.good("POST", "/lists", {"list_id": "bee.example.com"})
    door.good("POST", f"{encrypted}/certificates", {"address": BART, "certificate": make(BART)[1]})
    ask(door, *make(BART), BART)
    second = door.get(f"{encrypted}/changes?page=2&count=1")
    assert (second["start"], second["total_size"]) == (1, 2)
    (entry,) = second["entries"]
    assert (entry["address"], entry["member"]) == (BART, False)
    assert "entries" not in door.get("/lists/bee.example.com/changes")
    for method, form in (("GET", None), ("POST", {"action": "discard"})):
        assert "No key waits" in door.refused(404, method, f"/lists/bee.example.com/changes/{entry['token']}", form)


def test_what_else_moderators_are_asked(door: Door, encrypted: str, asked: tuple[str, str]) -> None:
    """A question about something else is no key that waits, and can't be decided about here."""
    from mailman_pgp.conversation.asking import challenge  # noqa: PLC0415 - core must be initialised
    from mailman_pgp.conversation.moderating import Moderation  # noqa: PLC0415
    from mailman_workflows.confirmations import open_questions  # noqa: PLC0415

    mlist = door.mlist()
    data = {"about": "request", "what": "0" * 40, "address": ANNE, "subject": "s", "text": "t"}
    challenge(mlist, Moderation(), mlist.owner_address, data, signed_by=[], readers=[])
    door.store.commit()
    tokens = [question.token for question in open_questions(mlist, mlist.owner_address)]
    assert len(tokens) == 2
    (entry,) = door.get(f"{encrypted}/changes")["entries"]
    (other,) = set(tokens) - {entry["token"]}
    assert "No key waits" in door.refused(404, "POST", f"{encrypted}/changes/{other}", {"action": "accept"})
    assert asked
