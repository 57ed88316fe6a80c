"""Requests that wait are shown with the key that they come with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from keys import DAY
from rivals import rival

from mailman_pgp import openpgp

if TYPE_CHECKING:
    from conftest import AskWithKey, Door, MakeCertificate

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


def asked_by_mail(core: Any, address: str) -> int:
    """How many mails to somebody were about to leave; none is left."""
    queue = core.switchboards["out"]
    found = []
    for name in queue.files:
        found.append(queue.dequeue(name)[1])
        queue.finish(name)
    return sum(address in data.get("recipients", ()) for data in found)


def test_asked_once_more(
    core: Any, door: Door, encrypted: str, make: MakeCertificate, ask_with_key: AskWithKey
) -> None:
    """Who lost the mail that asks for a proof is asked anew; who can't be asked, or has no proof to give, is not."""
    token = ask_with_key(ANNE)
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


def test_not_asked_too_often(
    core: Any, door: Door, encrypted: str, make: MakeCertificate, ask_with_key: AskWithKey
) -> None:
    """Whoever has a moderator's session fills no mailbox: there is one limit for all that asks a person; it is kept who did."""
    ask_with_key(ANNE)
    door.good("POST", f"{encrypted}/certificates", {"address": ANNE, "certificate": make()[1]})
    (waiting,) = door.get(f"{encrypted}/requests")["entries"]
    challenge = f"{encrypted}/requests/{waiting['token']}/challenge"
    asked_by_mail(core, ANNE)
    for _ in range(10):
        door.good("POST", challenge, {"by": "olga@example.com"})
    assert "too many messages" in door.refused(409, "POST", challenge)
    assert "too many messages" in door.refused(409, "POST", f"{encrypted}/offers/{ANNE}/again")
    assert asked_by_mail(core, ANNE) == 10
    latest, *others = door.get(f"{encrypted}/log")["entries"]
    assert (latest["deed"], latest["by"], latest["address"]) == ("asked-again", "olga@example.com", ANNE)
    assert sum(one["deed"] == "asked-again" for one in others) == 9


def test_accepted_with_another_key_than_seen(
    door: Door, encrypted: str, make: MakeCertificate, ask_with_key: AskWithKey
) -> None:
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
    first = ask_with_key(ANNE, proved=True)
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


OLGA = "olga@example.com"


def proved(door: Door, armored: str, address: str = ANNE) -> None:
    """Somebody has shown that they hold a key."""
    from mailman_pgp.exchange import changing  # noqa: PLC0415 - core must be initialised
    from mailman_pgp.keys import journal  # noqa: PLC0415
    from mailman_pgp.keys.registry import ChoiceState  # noqa: PLC0415

    certificate, actor = openpgp.read_certificate(armored.encode()), journal.Actor(journal.Door.MAIL, address)
    changing.let_count(door.mlist(), address, certificate, ChoiceState.PROVEN, actor)
    door.store.commit()


@pytest.fixture
def waiting(door: Door, encrypted: str, make: MakeCertificate, ask_with_key: AskWithKey) -> str:
    """Anne has proved her key, and her request waits for a moderator; its path."""
    from mailman.interfaces.mailinglist import SubscriptionPolicy  # noqa: PLC0415 - core must be initialised

    door.mlist().subscription_policy = SubscriptionPolicy.moderate
    proved(door, make()[1])
    return f"{encrypted}/requests/{ask_with_key(ANNE, proved=True)}"


def is_member(door: Door, address: str = ANNE) -> bool:
    """Whether somebody is on the list."""
    return door.mlist().members.get_member(address) is not None


def of_requests(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What the log says of decisions about requests."""
    return [text for text in caplog.messages if ": a request was " in text]


@pytest.mark.parametrize("by", [OLGA, ""])
def test_accepted(door: Door, waiting: str, by: str, caplog: pytest.LogCaptureFixture) -> None:
    """The person joins, the key is approved by whoever has decided, and who comes second finds nothing."""
    answer = door.good("POST", waiting, {"action": "accept", **({"by": by} if by else {})}).json
    assert (answer["address"], answer["purpose"], answer["action"], answer["done"]) == (ANNE, "join", "accept", True)
    assert is_member(door)
    event = door.get(f"/lists/ant.example.com/certificates/{ANNE}")["events"][0]
    assert (event["act"], event["door"], event["by"]) == ("approved", "rest", by or None)
    who = f"{by} (rest)" if by else "rest"
    assert of_requests(caplog) == [f"ant@example.com: a request was accepted ({ANNE}, join), by {who}"]
    for action in ("accept", "reject", "discard"):
        assert "somebody has decided" in door.refused(404, "POST", waiting, {"action": action})


@pytest.mark.parametrize("action", ["reject", "discard"])
def test_not_accepted(core: Any, door: Door, waiting: str, action: str, caplog: pytest.LogCaptureFixture) -> None:
    """The person does not join; who is rejected is told why, and who is discarded is not."""
    asked_by_mail(core, ANNE)
    fields = {"action": action, "by": OLGA, "reason": "We have not met."}
    answer = door.good("POST", waiting, fields).json
    assert (answer["action"], answer["done"]) == (action, True)
    assert not is_member(door)
    assert of_requests(caplog) == [f"ant@example.com: a request was {action}ed ({ANNE}, join), by {OLGA} (rest)"]
    queue = core.switchboards["virgin"]
    told = [str(queue.dequeue(name)[0]) for name in queue.files]
    assert len(told) == (action == "reject")
    assert all("We have not met." in text and "Subscription request" in text for text in told)
    assert "somebody has decided" in door.refused(404, "POST", waiting, {"action": "accept"})


def test_rejected_to_leave(core: Any, door: Door, encrypted: str, make: MakeCertificate, members: Any) -> None:
    """Who is rejected reads that it was about leaving; who is accepted leaves."""
    from mailman.interfaces.subscriptions import ISubscriptionManager  # noqa: PLC0415 - core must be initialised

    members.add(door.mlist(), ANNE)
    door.good("POST", f"{encrypted}/certificates", {"address": ANNE, "certificate": make()[1]})
    for action in ("reject", "accept"):
        ISubscriptionManager(door.mlist()).unregister(door.mlist().members.get_member(ANNE).address)
        door.store.commit()
        asked_by_mail(core, ANNE)
        (request,) = door.get(f"{encrypted}/requests")["entries"]
        answer = door.good("POST", f"{encrypted}/requests/{request['token']}", {"action": action}).json
        assert answer["purpose"] == "leave"
        assert is_member(door) is (action == "reject")
        if action == "reject":
            queue = core.switchboards["virgin"]
            told = [str(queue.dequeue(name)[0]) for name in queue.files]
            assert sum("Request to leave" in text for text in told) == 1
            assert not any("Subscription request" in text for text in told)
    assert "entries" not in door.get(f"{encrypted}/requests")


def test_decided_at_another_list(make_list: Any, door: Door, waiting: str) -> None:
    """A token decides nothing at another list, nor a token that is none of a request."""
    from mailman.interfaces.pending import IPendings  # noqa: PLC0415 - core must be initialised
    from zope.component import getUtility  # noqa: PLC0415

    from mailman_pgp.conversation import proving  # noqa: PLC0415
    from mailman_workflows.model.tables import Question  # noqa: PLC0415

    make_list("bee")
    door.good("POST", "/lists", {"list_id": "bee.example.com"})
    there = waiting.replace("ant.", "bee.")
    assert proving.challenge_to_prove(door.mlist(), ANNE)
    door.store.commit()
    question = door.store.query(Question).one().token
    for path in (there, f"/lists/ant.example.com/requests/{question}"):
        for action in ("accept", "reject", "discard"):
            assert "somebody has decided" in door.refused(404, "POST", path, {"action": action, "by": OLGA})
    assert door.get(waiting)
    assert getUtility(IPendings).confirm(question, expunge=False) is not None
    assert not is_member(door)


def test_what_a_decision_takes(door: Door, waiting: str) -> None:
    """Nothing but its words: core knows more."""
    for action in ("defer", "hold", "", "ACCEPT"):
        door.refused(400, "POST", waiting, {"action": action})
    assert door.get(waiting)


def test_accepted_too_early(door: Door, encrypted: str, ask_with_key: AskWithKey) -> None:
    """Nobody is let in without a key; it waits as before, and nothing is recorded."""
    path = f"{encrypted}/requests/{ask_with_key(ANNE)}"
    result = door("POST", path, {"action": "accept", "by": OLGA})
    assert (result.status_code, result.json["code"]) == (409, "not-yet")
    assert "no certificate" in result.json["description"]
    assert door.get(path)["reason"] == "waits for a key"
    assert not is_member(door)


def test_accepted_with_another_key(door: Door, waiting: str, make: MakeCertificate) -> None:
    """It waits for a moderator once more, under another token, with the key that counts now; that this is so stays, too."""
    other, armored = make()
    proved(door, armored)
    result = door("POST", waiting, {"action": "accept", "by": OLGA})
    assert (result.status_code, result.json["code"]) == (409, "asked-again")
    assert "another key counts for this person by now" in result.json["description"]
    (request,) = door.get("/lists/ant.example.com/requests")["entries"]
    assert not waiting.endswith(request["token"])
    assert (request["waits_for"], request["certificate"]["fingerprint"]) == ("moderator", other)
    door.good("POST", f"/lists/ant.example.com/requests/{request['token']}", {"action": "accept"})
    assert is_member(door)


def test_accepted_but_refused(door: Door, waiting: str) -> None:
    """Who was banned, or has joined by another door, is not let in; their request is over, and is no more."""
    from mailman.interfaces.bans import IBanManager  # noqa: PLC0415 - core must be initialised

    IBanManager(door.mlist()).ban(ANNE)
    door.store.commit()
    result = door("POST", waiting, {"action": "accept"})
    assert (result.status_code, result.json["code"]) == (400, "request-refused")
    assert "is not allowed to subscribe" in result.json["description"]
    assert "entries" not in door.get("/lists/ant.example.com/requests")
    assert not is_member(door)


def test_accepted_as_a_member(door: Door, waiting: str, members: Any) -> None:
    """Who has joined meanwhile is said to be one."""
    members.add(door.mlist(), ANNE)
    result = door("POST", waiting, {"action": "accept"})
    assert (result.status_code, result.json["code"]) == (409, "member-already")
    assert "entries" not in door.get("/lists/ant.example.com/requests")


def test_accepted_in_a_workflow_that_is_gone(door: Door, waiting: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sentence says what is to be mended, and the request waits for it."""
    from mailman_workflows import components  # noqa: PLC0415 - core must be initialised

    with monkeypatch.context() as patch:
        patch.delitem(components._found, "pgp-join")
        assert "is not installed here" in door.refused(503, "POST", waiting, {"action": "accept"})
    door.good("POST", waiting, {"action": "accept"})


@pytest.mark.parametrize("first", ["accept", "discard"])
def test_two_decide_at_once(core: Any, door: Door, waiting: str, monkeypatch: pytest.MonkeyPatch, first: str) -> None:
    """Whoever is first decides: from the look at the request on nobody else has it."""
    from mailman_workflows import saved  # noqa: PLC0415 - core must be initialised
    from mailman_workflows.model.tables import SavedRequest  # noqa: PLC0415

    claim, kept_out = saved.claim, []
    with rival(core, sa.update(SavedRequest).values(since=SavedRequest.since)) as takes:

        def look(mlist: Any, token: str) -> Any:
            found = claim(mlist, token)
            kept_out.append(takes())
            return found

        monkeypatch.setattr(saved, "claim", look)
        door.good("POST", waiting, {"action": first})
    assert kept_out == [True]
    assert is_member(door) is (first == "accept")
