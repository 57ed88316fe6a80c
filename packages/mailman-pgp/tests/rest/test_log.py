"""Who did what about a list, and about the requests at it, is kept and shown."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from conftest import AskWithKey, Door, MakeCertificate

ANNE, OLGA = "anne@example.com", "olga@example.com"
LOG = "/lists/ant.example.com/log"


def deeds(door: Door) -> list[tuple[Any, ...]]:
    """What the log has: the deed, by whom and by which door, about whom, and what else."""
    return [
        (one["deed"], one["by"], one["door"], one["address"], one["what"]) for one in door.get(LOG).get("entries", ())
    ]


@pytest.mark.parametrize("by", [OLGA, None])
@pytest.mark.usefixtures("mlist")
def test_about_a_list(door: Door, by: str | None) -> None:
    """Its encryption, its settings with their values and its key, the latest first; also when it is a plain one again."""
    named = {"by": by} if by else {}
    path = "/lists/ant.example.com"
    assert deeds(door) == []
    door.good("POST", "/lists", {"list_id": "ant.example.com", **named})
    door.good("PATCH", path, {"footer_note": "no", "replay_window_days": "3", **named})
    door.good("PATCH", path, {"footer_note": "no", **named})
    door.good("POST", f"{path}/key", {"action": "extend", **named})
    fingerprint = door.get(path)["list_key"]["fingerprint"]
    assert "stays encrypted" in door.refused(409, "DELETE", f"{path}?confirm={'0' * 40}")
    door.good("DELETE", path, {"confirm": fingerprint, **named})
    found = [
        ("plain", by, "rest", None, fingerprint),
        ("key-extended", by, "rest", None, fingerprint),
        ("set", by, "rest", None, "footer_note=no, replay_window_days=3"),
        ("encrypted", by, "rest", None, fingerprint),
    ]
    assert deeds(door) == found
    (second,) = door.get(f"{LOG}?page=2&count=1")["entries"]
    assert (second["deed"], second["words"]) == ("key-extended", "the list's key lives longer")
    door.good("POST", "/lists", {"list_id": "ant.example.com"})
    assert deeds(door)[1:] == found


def test_of_another_list(make_list: Any, door: Door, encrypted: str) -> None:
    """Nothing of it is seen there; of what is no list it is said."""
    make_list("bee")
    assert len(deeds(door)) == 1
    assert door.get("/lists/bee.example.com/log")["total_size"] == 0
    assert "There is no mailing list" in door.refused(404, "GET", "/lists/cat.example.com/log")
    assert encrypted


@pytest.fixture
def path(door: Door, encrypted: str, make: MakeCertificate, ask_with_key: AskWithKey) -> str:
    """Anne, whose key is proved, waits for a moderator; the path of her request."""
    from mailman.interfaces.mailinglist import SubscriptionPolicy  # noqa: PLC0415 - core must be initialised

    from mailman_pgp import openpgp  # noqa: PLC0415
    from mailman_pgp.exchange import changing  # noqa: PLC0415
    from mailman_pgp.keys.journal import Actor  # noqa: PLC0415
    from mailman_pgp.keys.journal import Door as By  # noqa: PLC0415
    from mailman_pgp.keys.registry import ChoiceState  # noqa: PLC0415

    mlist = door.mlist()
    mlist.subscription_policy = SubscriptionPolicy.moderate
    certificate = openpgp.read_certificate(make()[1].encode())
    changing.let_count(mlist, ANNE, certificate, ChoiceState.PROVEN, Actor(By.MAIL, ANNE))
    door.store.commit()
    return f"{encrypted}/requests/{ask_with_key(ANNE, proved=True)}"


@pytest.mark.parametrize(("action", "deed"), [("accept", "accepted"), ("reject", "rejected"), ("discard", "discarded")])
def test_about_a_request(door: Door, path: str, action: str, deed: str) -> None:
    """Who decided about it, about whom, and for what it was; what is refused is no decision."""
    door.good("POST", path, {"action": action, "by": OLGA})
    assert deeds(door)[0] == (f"request-{deed}", OLGA, "rest", ANNE, "join")
    door.refused(404, "POST", path, {"action": action, "by": "mona@example.com"})
    assert len(deeds(door)) == 2


def test_accepted_too_early(door: Door, encrypted: str, path: str) -> None:
    """Where nobody can be let in yet, nobody has accepted anything."""
    door.good("POST", f"{encrypted}/certificates/{ANNE}", {"action": "suspend"})
    door.refused(409, "POST", path, {"action": "accept", "by": OLGA})
    assert [deed for deed, *_ in deeds(door)] == ["encrypted"]


def test_about_keys_that_wait(door: Door, encrypted: str, make: MakeCertificate) -> None:
    """Who was asked once more, and what was taken back, by whom; of what is refused there is nothing."""
    from mailman_pgp.conversation import questions  # noqa: PLC0415 - core must be initialised

    questions.install()
    fingerprint, armored = make()
    offers = f"{encrypted}/offers"
    door.good("POST", offers, {"address": ANNE, "certificate": armored})
    door.good("POST", f"{offers}/{ANNE}/again", {"by": OLGA})
    door.good("DELETE", f"{offers}/{ANNE}?by={OLGA}")
    door.refused(404, "DELETE", f"{offers}/{ANNE}?by={OLGA}")
    assert deeds(door)[:2] == [
        ("taken-back", OLGA, "rest", ANNE, None),
        ("asked-again", OLGA, "rest", ANNE, fingerprint),
    ]


def test_pruned(door: Door, encrypted: str) -> None:
    """What was done is kept for three years."""
    from mailman_pgp.lists import deeds as kept  # noqa: PLC0415 - core must be initialised
    from mailman_pgp.model.tables import ListEvent  # noqa: PLC0415

    row = door.store.query(ListEvent).one()
    row.at -= timedelta(days=3 * 365 - 1)
    door.store.flush()
    kept.prune()
    assert kept.count("ant.example.com") == 1
    row.at -= timedelta(days=2)
    door.store.flush()
    kept.prune()
    assert kept.count("ant.example.com") == 0
    door.store.commit()
    assert encrypted
