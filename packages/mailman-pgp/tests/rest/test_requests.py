"""Requests that wait are shown with the key that they come with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from keys import DAY

from mailman_pgp import openpgp

if TYPE_CHECKING:
    from conftest import Door, MakeCertificate

ANNE, BART = "anne@example.com", "bart@example.com"


def ask(door: Door, address: str) -> str:
    """Somebody asks to join, and a moderator has to decide; the request's token."""
    from mailman.interfaces.mailinglist import SubscriptionPolicy  # noqa: PLC0415 - core must be initialised
    from mailman.interfaces.subscriptions import ISubscriptionManager  # noqa: PLC0415
    from mailman.interfaces.usermanager import IUserManager  # noqa: PLC0415
    from zope.component import getUtility  # noqa: PLC0415

    mlist = door.mlist()
    mlist.subscription_policy = SubscriptionPolicy.moderate
    users = getUtility(IUserManager)
    someone = users.get_address(address) or users.create_address(address)
    token, _, member = ISubscriptionManager(mlist).register(someone, pre_verified=True)
    assert member is None
    door.store.commit()
    return str(token)


@pytest.fixture
def plain_workflow(door: Door, encrypted: str) -> str:
    """The list lets people join as core does; what they wait for is of no matter here."""
    from mailman_workflows import choice  # noqa: PLC0415 - core must be initialised
    from mailman_workflows.request import Purpose  # noqa: PLC0415

    choice.choose("ant.example.com", "join", Purpose.JOIN)
    door.store.commit()
    return encrypted


def test_requests(door: Door, plain_workflow: str, make: MakeCertificate) -> None:
    """A moderator sees what it waits for, and all of the key: of those without one, that there is none."""
    requests = f"{plain_workflow}/requests"
    assert door.get(requests)["total_size"] == 0
    fingerprint, armored = make(age=3 * DAY, lifetime=30 * DAY)
    door.good("POST", f"{plain_workflow}/certificates", {"address": ANNE, "certificate": armored})
    tokens = [ask(door, ANNE), ask(door, BART)]
    found = door.get(requests)
    assert [(one["token"], one["address"]) for one in found["entries"]] == list(zip(tokens, (ANNE, BART), strict=True))
    anne, bart = found["entries"]
    assert (anne["purpose"], anne["waits_for"]) == ("join", "moderator")
    assert anne["core_link"].endswith(f"/3.1/lists/ant.example.com/requests/{tokens[0]}")
    assert bart["certificate"] is None
    key = anne["certificate"]
    assert (key["fingerprint"], key["age_days"], key["user_ids"]) == (fingerprint, 3, [f"<{ANNE}>"])
    assert (key["usable"], key["problem"], key["compared"], key["state"]) == (True, None, None, "approved")
    assert key["expires"].endswith("Z")
    assert openpgp.read_certificate(key["armored"].encode()).fingerprint == fingerprint

    assert door.get(f"{requests}/{tokens[0]}")["certificate"] == key
    file = door.good("GET", f"{requests}/{tokens[0]}/certificate.asc")
    assert file.headers["content-type"] == "application/pgp-keys"
    assert file.text == key["armored"]
    assert "No certificate is chosen" in door.refused(404, "GET", f"{requests}/{tokens[1]}/certificate.asc")
    assert [one["address"] for one in door.get(f"{requests}?page=2&count=1")["entries"]] == [BART]


def test_a_token_of_another_list(make_list: Any, door: Door, plain_workflow: str) -> None:
    """It opens nothing there."""
    make_list("bee")
    door.good("POST", "/lists", {"list_id": "bee.example.com"})
    token = ask(door, ANNE)
    assert door.get(f"{plain_workflow}/requests/{token}")
    assert "No request waits" in door.refused(404, "GET", f"/lists/bee.example.com/requests/{token}")
    assert "No request waits" in door.refused(404, "GET", f"/lists/bee.example.com/requests/{token}/certificate.asc")


def ask_with_key(door: Door, address: str, *, proved: bool = False) -> str:
    """Somebody asks to join in the way of encrypted lists, or an owner for them; the request's token."""
    from mailman.interfaces.subscriptions import ISubscriptionManager  # noqa: PLC0415 - core must be initialised
    from mailman.interfaces.usermanager import IUserManager  # noqa: PLC0415
    from zope.component import getUtility  # noqa: PLC0415

    users = getUtility(IUserManager)
    someone = users.get_address(address) or users.create_address(address)
    token, _, member = ISubscriptionManager(door.mlist()).register(someone, pre_verified=proved, pre_confirmed=proved)
    assert member is None
    door.store.commit()
    return str(token)


def asked_by_mail(core: Any, address: str) -> int:
    """How many mails to somebody were about to leave; none is left."""
    queue = core.switchboards["out"]
    found = []
    for name in queue.files:
        found.append(queue.dequeue(name)[1])
        queue.finish(name)
    return sum(address in data.get("recipients", ()) for data in found)


def test_asked_once_more(core: Any, door: Door, encrypted: str, make: MakeCertificate) -> None:
    """Who lost the mail that asks for a proof is asked anew; who can't be asked, or has no proof to give, is not."""
    token = ask_with_key(door, ANNE)
    challenge = f"{encrypted}/requests/{token}/challenge"
    assert door.get(f"{encrypted}/requests/{token}")["reason"] == "waits for a key"
    assert "waits for no proof: it waits for a key." in door.refused(409, "POST", challenge)

    door.good("POST", f"{encrypted}/certificates", {"address": ANNE, "certificate": make()[1]})
    (waiting,) = door.get(f"{encrypted}/requests")["entries"]
    assert (waiting["reason"], waiting["waits_for"]) == ("waits for proof", "outside")
    challenge = f"{encrypted}/requests/{waiting['token']}/challenge"
    asked_by_mail(core, ANNE)
    assert door.good("POST", challenge).json["asked"] is True
    assert asked_by_mail(core, ANNE) == 1

    door.good("POST", f"{encrypted}/certificates/{ANNE}", {"action": "suspend"})
    asked_by_mail(core, ANNE)
    assert "can't be asked" in door.refused(409, "POST", challenge)
    assert asked_by_mail(core, ANNE) == 0


def test_accepted_with_another_key_than_seen(door: Door, encrypted: str, make: MakeCertificate) -> None:
    """Core's own resource says so, and the request waits for a moderator once more, with the key that counts now."""
    from mailman.interfaces.mailinglist import SubscriptionPolicy  # noqa: PLC0415 - core must be initialised

    from mailman_pgp.exchange import changing  # noqa: PLC0415
    from mailman_pgp.keys import journal  # noqa: PLC0415
    from mailman_pgp.keys.registry import ChoiceState  # noqa: PLC0415

    def prove(armored: str) -> None:
        certificate, actor = openpgp.read_certificate(armored.encode()), journal.Actor(journal.Door.MAIL, ANNE)
        changing.let_count(door.mlist(), ANNE, certificate, ChoiceState.PROVEN, actor)
        door.store.commit()

    def accept(token: str) -> Any:
        return door("POST", f"/lists/ant.example.com/requests/{token}", {"action": "accept"}, base="/3.1")

    door.mlist().subscription_policy = SubscriptionPolicy.moderate
    prove(make()[1])
    first = ask_with_key(door, ANNE, proved=True)
    other, armored = make()
    prove(armored)
    said = accept(first)
    assert said.status_code == 409
    assert "another key counts for this person by now" in said.json["description"]
    assert accept(first).status_code == 404
    (request,) = door.get(f"{encrypted}/requests")["entries"]
    assert (request["waits_for"], request["certificate"]["fingerprint"]) == ("moderator", other)
    assert accept(request["token"]).status_code == 204
    assert "entries" not in door.get(f"{encrypted}/requests")
