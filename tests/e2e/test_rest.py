"""Our part of REST, as Mailman's own client library reaches it."""

from __future__ import annotations

import base64
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from conversations import clear, confirmed, set_policy, until_waits
from mailmanclient import Client

from mailman_pgp.openpgp import armor, dearmor, grouped, inspect
from mailman_pgp.sandbox import until
from mailman_pgp_client import EncryptedLists, RefusedError

if TYPE_CHECKING:
    from conftest import StartSandbox
    from people import EncryptedList, Person

    from mailman_pgp.sandbox import Sandbox


@pytest.fixture
def lists(sandbox: Sandbox) -> EncryptedLists:
    """The client of the Mailman of this run."""
    rest = sandbox.rest
    return EncryptedLists(Client(rest.url, rest.user, rest.password))


def armored(certificate: bytes) -> str:
    """A certificate as people upload it."""
    return armor(certificate, "PGP PUBLIC KEY BLOCK").decode("ascii")


def test_a_request_goes_on(lists: EncryptedLists, encrypted_list: EncryptedList) -> None:
    """Somebody waits for a key; the web adds it on behalf of an owner, and its person is a member and reads the next post."""
    ants = lists.of(encrypted_list.list_id)
    anne, bart = encrypted_list.member("Anne"), encrypted_list.person("Bart")
    encrypted_list.subscribe(bart)
    (request,) = ants.requests()
    assert (request["address"], request["reason"]) == (bart.address, "waits for a key")
    with pytest.raises(RefusedError, match="waits for no proof") as refused:
        ants.challenge(request["token"])
    assert (refused.value.status, bool(refused.value.code)) == (409, True)
    added = ants.add(bart.address, armored(bart.key.certificate), by="olga@example.net")
    assert added["outcome"] == "added"
    assert [went["goes_on"] for went in added["requests"]] == [True]
    assert not list(ants.requests())
    assert not list(ants.unserved())
    anne.post("To everybody")
    encrypted_list.sandbox.wait_until_idle()
    encrypted = [kept for kept in bart.mail() if b"BEGIN PGP MESSAGE" in kept.content]
    assert any("To everybody" in bart.open(kept).as_string() for kept in encrypted)
    events = [(event["act"], event["door"], event["by"]) for event in ants.events(bart.address)]
    assert ("added", "rest", "olga@example.net") in events


def test_a_request_is_decided(lists: EncryptedLists, encrypted_list: EncryptedList) -> None:
    """Who accepts one in the name of somebody is named for it, and for the key that they have approved; the shell says the same."""
    set_policy(encrypted_list, "confirm_then_moderate")
    ants, bart, olga = lists.of(encrypted_list.list_id), encrypted_list.person("Bart"), "olga@example.net"
    confirmed(bart, clear(bart, "join", attached=bart.key.certificate))
    until_waits(encrypted_list, bart, "waits for a moderator")
    (request,) = ants.requests()
    with pytest.raises(RefusedError, match="No request waits") as refused:
        ants.decide_request("0" * 40, "accept", by=olga)
    assert (refused.value.status, refused.value.code) == (404, "no-such-request")
    assert ants.decide_request(request["token"], "accept", by=olga)["purpose"] == "join"
    assert encrypted_list.members() == {bart.address}
    approved = next(event for event in ants.events(bart.address) if event["act"] == "approved")
    assert (approved["door"], approved["by"]) == ("rest", olga)
    latest = next(ants.log())
    assert (latest["deed"], latest["address"], latest["by"]) == ("request-accepted", bart.address, olga)
    text = encrypted_list.pgp("log", encrypted_list.address)
    assert f"a request was accepted  {bart.address} join" in text
    assert f"REST, {olga}" in text


def test_what_became_of_a_post(lists: EncryptedLists, encrypted_list: EncryptedList) -> None:
    """Who did not get a post is named with the reason, also when they have got a later one; the shell says the same."""
    ants = lists.of(encrypted_list.list_id)
    anne, bart = encrypted_list.member("Anne"), encrypted_list.member("Bart")
    encrypted_list.forget(bart)
    anne.post("To everybody")
    until(lambda: list(ants.posts()), "the post to be sent")
    encrypted_list.sandbox.wait_until_idle()
    (post,) = ants.posts()
    assert (post["recipients"], post["delivered"], post["skipped"], post["tried_again"]) == (2, 1, 1, 0)
    found = ants.post(post["message_id"])
    assert [(one["reason"], one["number"]) for one in found["reasons"]] == [("no-certificate", 1)]
    assert found["unknown"] == 0
    (missed,) = ants.missed(post["message_id"])
    assert (missed["address"], missed["reason"], missed["answer"]) == (bart.address, "no-certificate", None)
    said = encrypted_list.pgp("posts", encrypted_list.address, "--post", post["message_id"])
    assert f"{bart.address}  no-certificate  no certificate" in said
    encrypted_list.certify(bart)
    anne.post("Again to everybody")
    until(lambda: len(list(ants.posts())) > 1, "the next post to be sent")
    encrypted_list.sandbox.wait_until_idle()
    later, _ = ants.posts()
    assert (list(ants.missed(later["message_id"])), list(ants.missed(post["message_id"]))) == ([], [missed])
    with pytest.raises(RefusedError, match="Nothing is known of a post"):
        ants.post("<another@example.net>")


def test_an_experimental_key(lists: EncryptedLists, sandbox: Sandbox, encrypted_list: EncryptedList) -> None:
    """A program has to say that it means one; else it is told what comes of it, and the list is as it was."""
    spec = f"trial{encrypted_list.number}@lists.example.com"
    list_id = sandbox.rest.create_list(spec)
    with pytest.raises(RefusedError, match=r"RNP \(Thunderbird\)") as refused:
        lists.enable(spec, profile="v6")
    assert refused.value.code == "confirmation"
    assert list_id not in {one["list_id"] for one in lists.lists()}
    trial = lists.enable(spec, profile="v6", allow_experimental=True)
    before = trial.keys()
    assert before["profile"] == "v6"
    with pytest.raises(RefusedError, match="Only programs that know ML-KEM"):
        trial.rotate_key(profile="post-quantum")
    assert trial.keys() == before
    assert trial.rotate_key(profile="post-quantum", allow_experimental=True)["profile"] == "post-quantum"


def test_turned_on_and_off(lists: EncryptedLists, sandbox: Sandbox, encrypted_list: EncryptedList) -> None:
    """A list becomes an encrypted one in the process that serves REST, and a plain one again."""
    spec = f"plain{encrypted_list.number}@lists.example.com"
    list_id = sandbox.rest.create_list(spec)
    bees = lists.enable(spec)
    assert bees.change(footer_note=False, replay_window_days=3)["settings"]["footer_note"] is False
    assert bees.change(replay_window_days=None)["settings"]["replay_window_days"] is None
    key = bees.certificate()
    assert list_id in {one["list_id"] for one in lists.lists()}
    with pytest.raises(RefusedError, match="stays encrypted") as refused:
        bees.disable("0" * 40)
    assert refused.value.status == 409
    bees.disable(key["fingerprint"])
    with pytest.raises(RefusedError, match="is not an encrypted list") as refused:
        bees.show()
    assert refused.value.status == 404


def test_decisions(lists: EncryptedLists, encrypted_list: EncryptedList) -> None:
    """Each of them by the client; what is refused is a sentence."""
    ants, anne = lists.of(encrypted_list.address), encrypted_list.member("Anne")
    seen = ants.certificate_of(anne.address)["certificate"]["fingerprint"]
    ants.decide(anne.address, "compare", seen)
    ants.decide(anne.address, "suspend", by="olga@example.net")
    assert [person["reason"] for person in ants.unserved()] == ["suspended"]
    with pytest.raises(RefusedError, match="which certificate you have seen"):
        ants.decide(anne.address, "resume")
    ants.decide(anne.address, "resume", seen)
    (entry,) = ants.certificates()
    assert (entry["usable"], entry["compared"] is not None) == (True, True)
    ants.remove(anne.address, seen)
    assert not list(ants.certificates())
    with pytest.raises(RefusedError, match="There is no mailing list"):
        lists.of("nothing.example.com").show()
    assert lists.index()["healthy"]
    assert {"footer_note"} <= {setting["name"] for setting in lists.settings()}


def test_replaced_by_two_at_once(lists: EncryptedLists, encrypted_list: EncryptedList) -> None:
    """Each is told what became of it, one certificate counts, and the history has no gap."""
    ants, anne = lists.of(encrypted_list.list_id), encrypted_list.member("Anne")
    others = [encrypted_list.person("Anne") for _ in range(4)]

    def replace(other: Person) -> str:
        try:
            return str(ants.replace(anne.address, armored(other.key.certificate))["certificate"]["fingerprint"])
        except RefusedError as refused:
            return str(refused.status)

    with ThreadPoolExecutor(len(others)) as pool:
        answers = list(pool.map(replace, others))
    done = [answer for answer in answers if answer not in {"409", "503"}]
    assert done
    shown = ants.certificate_of(anne.address)
    assert shown["certificate"]["fingerprint"] in done
    # In the order of time each begins when the one before has ended.
    ended = [old["until"] for old in reversed(shown["history"])]
    began = [*[old["since"] for old in reversed(shown["history"])][1:], shown["since"]]
    assert (len(ended), ended) == (len(done), began)


@pytest.mark.deep
def test_half_configured(start_sandbox: StartSandbox) -> None:
    """What is missing is said, and nothing else is answered."""
    rest = start_sandbox(omit=("mta.outgoing",)).rest
    lists = EncryptedLists(Client(rest.url, rest.user, rest.password))
    (problem,) = lists.index()["problems"]
    assert "outgoing: mailman_pgp.delivery.deliver" in problem["mend"]
    rest.create_list("ants@lists.example.com")
    for asked in (lambda: list(lists.lists()), lambda: lists.enable("ants@lists.example.com"), lists.settings):
        with pytest.raises(RefusedError, match="not healthy") as refused:
            asked()
        assert refused.value.status == 503


def test_the_certificate_as_a_file(sandbox: Sandbox, encrypted_list: EncryptedList) -> None:
    """A mail program can import it."""
    rest = sandbox.rest
    token = base64.b64encode(f"{rest.user}:{rest.password}".encode()).decode()
    request = urllib.request.Request(
        f"{rest.url}/plugins/pgp/lists/{encrypted_list.list_id}/certificate.asc",
        headers={"Authorization": f"Basic {token}"},
    )
    with urllib.request.urlopen(request) as answer:
        assert answer.headers["content-type"] == "application/pgp-keys"
        assert inspect(dearmor(answer.read())).fingerprint == inspect(encrypted_list.certificate).fingerprint


def test_test_message(lists: EncryptedLists, encrypted_list: EncryptedList) -> None:
    """A member reads it, in the form of a post; nobody else gets it, and what became of it is shown; the shell does the same."""
    ants = lists.of(encrypted_list.list_id)
    anne, bart = encrypted_list.member("Anne"), encrypted_list.member("Bart")
    encrypted_list.wait_until_told()
    before, of_bart = len(anne.mail(0)), len(bart.mail(0))
    answer = ants.test(anne.address, by="olga@example.net")
    assert answer["fingerprint"] == anne.key.fingerprint
    kept = anne.mail(before + 1)[before]
    assert kept.message["from"].endswith(f"<{encrypted_list.address}>")
    assert kept.message["subject"] == "[...]"
    opened = anne.open(kept)
    assert "A test message of" in opened["subject"]
    assert grouped(anne.key.fingerprint) in opened.as_string()
    encrypted_list.sandbox.wait_until_idle()
    found = ants.post(answer["message_id"])
    assert (found["recipients"], found["delivered"], found["reasons"]) == (1, 1, [])
    assert f"A test message to {bart.address} is on its way." in encrypted_list.pgp(
        "test", encrypted_list.address, bart.address
    )
    assert "A test message of" in bart.open(bart.mail(of_bart + 1)[of_bart])["subject"]
    encrypted_list.forget(bart)
    with pytest.raises(RefusedError, match="gets nothing from"):
        ants.test(bart.address)
