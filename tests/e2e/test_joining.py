"""Joining an encrypted list by the doors of core's that are not mail: whoever has no key waits, for all to see."""

from __future__ import annotations

import email.policy
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from conversations import asked, clear, clear_texts, encrypted, readable, reply, tell, text_of

from mailman_pgp.openpgp import dearmor, grouped, inspect
from mailman_pgp.sandbox import until
from mailman_pgp.sandbox.rest import RestError

if TYPE_CHECKING:
    from collections.abc import Callable

    from people import EncryptedList, Person

SETTLED = {"pre_verified": "yes", "pre_confirmed": "yes", "pre_approved": "yes"}
HOW_TO = "Your certificate is needed to join"


def members(encrypted_list: EncryptedList) -> set[str]:
    """Who is on the list."""
    return encrypted_list.members()


def requests(encrypted_list: EncryptedList) -> list[dict[str, Any]]:
    """What waits, as core shows it."""
    return encrypted_list.listed("requests")


def state(encrypted_list: EncryptedList) -> tuple[str, str]:
    """For whom the only request waits, and why: the same by core's REST and the plugin's."""

    def seen() -> tuple[str, str] | None:
        (row,) = requests(encrypted_list)
        (same,) = encrypted_list.sandbox.rest(f"plugins/workflows/lists/{encrypted_list.list_id}/requests")["requests"]
        fields = ("token", "waits_for", "reason")
        return (row["waits_for"], row["reason"]) if all(row[name] == same[name] for name in fields) else None

    return until(seen, "the same request by both")


def accept(encrypted_list: EncryptedList, token: str | None = None) -> None:
    """Accept a request by REST: that of this token, else the only one."""
    token = token or requests(encrypted_list)[0]["token"]
    encrypted_list.sandbox.rest(f"lists/{encrypted_list.list_id}/requests/{token}", {"action": "accept"})


def not_yet(encrypted_list: EncryptedList, sentence: str) -> None:
    """Accepting the only request is a 409 with a sentence, and loses nothing."""
    before = requests(encrypted_list)
    with pytest.raises(RestError, match=sentence) as caught:
        accept(encrypted_list)
    assert caught.value.status == 409
    assert requests(encrypted_list) == before


def subscribe(person: Person, **more: str) -> Any:
    """`POST /members`; the answer."""
    query = {"list_id": person.list.list_id, "subscriber": person.address, "send_welcome_message": "no", **more}
    return person.list.sandbox.rest("members", query)


def by_rest(person: Person) -> None:
    """Postorius: Subscribe."""
    assert subscribe(person)["token"]  # 202


def by_rest_settled(person: Person) -> None:
    """Postorius: mass subscription."""
    assert subscribe(person, **SETTLED)["token"]


def by_invitation(person: Person) -> None:
    """Postorius: invite."""
    assert subscribe(person, invitation="yes")["token"]


def by_addmembers(person: Person) -> None:
    """`mailman addmembers`."""
    person.list.sandbox.command("addmembers", "-", person.list.address, stdin=f"{person.address}\n")


def by_addmembers_invited(person: Person) -> None:
    """`mailman addmembers --invite`."""
    person.list.sandbox.command("addmembers", "--invite", "-", person.list.address, stdin=f"{person.address}\n")


def by_syncmembers(person: Person) -> None:
    """`mailman syncmembers`."""
    everybody = "\n".join({*members(person.list), person.address})
    person.list.sandbox.command("syncmembers", "-", person.list.address, stdin=f"{everybody}\n")


DOORS = [by_rest, by_rest_settled, by_invitation, by_addmembers, by_addmembers_invited, by_syncmembers]


@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.__name__)
def test_every_door(encrypted_list: EncryptedList, door: Callable[[Person], None]) -> None:
    """Whoever comes without a key waits, is told how to send one, and gets no post; nobody can accept them."""
    anne, bart = encrypted_list.member("Anne"), encrypted_list.person("Bart")
    door(bart)
    assert members(encrypted_list) == {anne.address}
    assert state(encrypted_list) == ("outside", "waits for a key")
    not_yet(encrypted_list, "no certificate")
    until(lambda: any(HOW_TO in text for text in clear_texts(bart)), "the instructions")
    anne.post()
    anne.mail()
    encrypted_list.sandbox.wait_until_idle()
    assert [text for text in clear_texts(bart) if HOW_TO not in text] == []
    assert readable(bart) == []


@pytest.mark.parametrize("door", [by_rest_settled, by_addmembers, by_syncmembers], ids=lambda door: door.__name__)
def test_goes_on_when_an_owner_adds_the_key(encrypted_list: EncryptedList, door: Callable[[Person], None]) -> None:
    """What an owner promised is done as soon as they add the key; and with the key first, at once."""
    bart, cris = encrypted_list.person("Bart"), encrypted_list.person("Cris")
    door(bart)
    encrypted_list.certify(bart)
    assert members(encrypted_list) == {bart.address}
    encrypted_list.certify(cris)
    subscribe(cris, **SETTLED)
    assert members(encrypted_list) == {bart.address, cris.address}
    assert requests(encrypted_list) == []


@pytest.fixture
def olga(encrypted_list: EncryptedList) -> Person:
    """The owner of the list, who has a key."""
    olga = encrypted_list.person("Olga")
    encrypted_list.sandbox.rest.subscribe(encrypted_list.list_id, olga.address, role="owner")
    encrypted_list.certify(olga)
    return olga


def notice(owner: Person, number: int = 1) -> Any:
    """The notice about a request that an owner got."""

    def found() -> Any:
        notices = [said for said in readable(owner) if "asks to join" in str(said["subject"])]
        return notices[number - 1] if len(notices) >= number else None

    return until(found, "the notice to the owner")


def test_all_the_way(encrypted_list: EncryptedList, olga: Person) -> None:
    """From the web: a key, its proof, a moderator who has the key before them; each is shown, and asked for by one mail."""
    anne = encrypted_list.person("Anne")
    by_rest(anne)
    assert state(encrypted_list) == ("outside", "waits for a key")
    until(lambda: any(HOW_TO in text for text in clear_texts(anne)), "the instructions")
    tell(anne, clear(anne, subject="key set", attached=anne.key.certificate))
    question = asked(anne)
    until(lambda: state(encrypted_list) == ("outside", "waits for proof"), "the state")
    not_yet(encrypted_list, "no certificate")
    tell(anne, reply(anne, question))
    until(lambda: state(encrypted_list) == ("moderator", "waits for a moderator"), "the next state")
    (shown,) = requests(encrypted_list)
    certificate = inspect(anne.key.certificate)
    assert shown["fingerprint"] == anne.key.fingerprint
    assert shown["user_ids"] == f"Anne <{anne.address}>"
    assert shown["algorithm"] == certificate.algorithm
    said = notice(olga)
    assert grouped(anne.key.fingerprint) in text_of(said)
    (attached,) = [part for part in said.walk() if str(part.get_filename()).startswith("anne")]
    assert inspect(dearmor(attached.get_payload(decode=True))).fingerprint == anne.key.fingerprint
    for kept in encrypted_list.sandbox.mailbox.messages(olga.address):
        assert anne.address.encode() not in kept.content
        assert anne.key.fingerprint.encode() not in kept.content
    accept(encrypted_list)
    assert members(encrypted_list) == {anne.address}
    shown = encrypted_list.pgp("certificate", "show", encrypted_list.address, anne.address)
    assert "(approved, from workflow)" in shown
    anne.post("I am in")
    until(lambda: any("I am in" in said.as_string() for said in readable(anne)), "the post")


def test_proof_by_a_question(encrypted_list: EncryptedList, olga: Person) -> None:
    """Whose key counts already proves it by one encrypted question, which only that key answers."""
    anne = encrypted_list.person("Anne")
    encrypted_list.certify(anne)
    by_rest(anne)
    assert state(encrypted_list) == ("outside", "waits for proof")
    question = asked(anne)
    not_yet(encrypted_list, "has not answered yet")
    tell(anne, reply(anne, question, key=olga.key))
    tell(anne, encrypted(anne, "yes", sign=False))
    encrypted_list.sandbox.wait_until_idle()
    assert state(encrypted_list) == ("outside", "waits for proof")
    tell(anne, reply(anne, question))
    until(lambda: state(encrypted_list) == ("moderator", "waits for a moderator"), "the next state")
    accept(encrypted_list)
    assert members(encrypted_list) == {anne.address}


@pytest.fixture
def waiting(encrypted_list: EncryptedList, olga: Person) -> Person:
    """Somebody whose request waits for a moderator; they have proved the key that an owner added."""
    anne = encrypted_list.person("Anne")
    encrypted_list.certify(anne)
    by_rest(anne)
    tell(anne, reply(anne, asked(anne)))
    until(lambda: state(encrypted_list)[0] == "moderator", "the state")
    notice(olga)
    return anne


@pytest.mark.parametrize(("how", "sentence"), [("remove", "no certificate"), ("suspend", "suspended")])
def test_key_gone_before_acceptance(encrypted_list: EncryptedList, waiting: Person, how: str, sentence: str) -> None:
    """The moderator reads why nobody can be let in, nothing is lost, and with the key back it goes on."""
    encrypted_list.pgp("certificate", how, encrypted_list.address, waiting.address)
    not_yet(encrypted_list, sentence)
    assert members(encrypted_list) == set()
    if how == "suspend":
        encrypted_list.pgp("certificate", "resume", encrypted_list.address, waiting.address)
    else:
        encrypted_list.certify(waiting)
    accept(encrypted_list)
    assert members(encrypted_list) == {waiting.address}


def test_key_changed_before_acceptance(encrypted_list: EncryptedList, waiting: Person, olga: Person) -> None:
    """Who accepts has seen another key: the owner gets the one that counts now, and decides about that."""
    other = encrypted_list.person("Anne")
    encrypted_list.certify(other)
    with pytest.raises(RestError, match="another key counts") as caught:
        accept(encrypted_list)
    assert caught.value.status == 409
    assert members(encrypted_list) == set()
    assert state(encrypted_list) == ("moderator", "waits for a moderator")
    assert requests(encrypted_list)[0]["fingerprint"] == other.key.fingerprint != waiting.key.fingerprint
    assert grouped(other.key.fingerprint) in text_of(notice(olga, 2))
    accept(encrypted_list)
    assert members(encrypted_list) == {other.address}


def test_banned_before_acceptance(encrypted_list: EncryptedList, waiting: Person) -> None:
    """The moderator reads that they are banned, and the request is over."""
    encrypted_list.sandbox.rest(f"lists/{encrypted_list.list_id}/bans", {"email": waiting.address})
    with pytest.raises(RestError, match="not allowed to subscribe") as caught:
        accept(encrypted_list)
    assert caught.value.status == 400
    assert members(encrypted_list) == set()
    assert requests(encrypted_list) == []


def test_address_deleted_before_acceptance(encrypted_list: EncryptedList, waiting: Person) -> None:
    """Whose address is deleted has no request any more."""
    token = requests(encrypted_list)[0]["token"]
    encrypted_list.sandbox.rest(f"addresses/{waiting.address}", method="DELETE")
    with pytest.raises(RestError) as caught:
        accept(encrypted_list, token)
    assert caught.value.status == 404
    assert members(encrypted_list) == set()


@pytest.mark.parametrize("how", ["merged", "moved"])
def test_another_user_before_acceptance(encrypted_list: EncryptedList, waiting: Person, how: str) -> None:
    """The address that was proved joins, for whoever has it by now; no other address of theirs does."""
    rest, eve = encrypted_list.sandbox.rest, encrypted_list.member("Eve")
    if how == "merged":
        rest(f"users/{eve.address}/addresses", {"email": waiting.address, "absorb_existing": "1"})
    else:
        rest(f"addresses/{waiting.address}/user", method="DELETE")
        rest(f"users/{eve.address}/addresses", {"email": waiting.address})
    accept(encrypted_list)
    assert members(encrypted_list) == {waiting.address, eve.address}
    query = {"list_id": encrypted_list.list_id, "role": "member"}
    assert len({found["user"] for found in rest("members/find", query)["entries"]}) == 1


def test_two_accept_at_once(encrypted_list: EncryptedList, waiting: Person) -> None:
    """Two moderators, by two processes: one membership, and no error that is not an answer."""
    token = requests(encrypted_list)[0]["token"]
    path = f"lists/{encrypted_list.list_id}/requests/{token}"

    def by_web(_number: int) -> int:
        try:
            encrypted_list.sandbox.rest(path, {"action": "accept"})
        except RestError as error:
            return error.status
        return 204

    def by_console() -> None:
        encrypted_list.sandbox.command("workflows", "resume", encrypted_list.address, token)

    with ThreadPoolExecutor(3) as pool:
        console = pool.submit(by_console)
        statuses = list(pool.map(by_web, range(2)))
        console.exception()
    assert set(statuses) <= {204, 404}
    assert members(encrypted_list) == {waiting.address}
    assert encrypted_list.sandbox.rest(f"lists/{encrypted_list.list_id}/roster/member")["total_size"] == 1


def test_rejected(encrypted_list: EncryptedList, waiting: Person) -> None:
    """Core's own ways to say no are as they were; the person is told, encrypted."""
    path = f"lists/{encrypted_list.list_id}/requests/{requests(encrypted_list)[0]['token']}"
    encrypted_list.sandbox.rest(path, {"action": "reject", "reason": "We have not met."})
    assert requests(encrypted_list) == []
    assert members(encrypted_list) == set()
    until(lambda: any("We have not met." in said.as_string() for said in readable(waiting)), "the answer")
    for kept in encrypted_list.sandbox.mailbox.messages(waiting.address):
        assert b"We have not met." not in kept.content


def test_what_is_mailed_in_the_clear(encrypted_list: EncryptedList) -> None:
    """To somebody without a key: a template of ours, signed by the list, with its certificate; nothing else."""
    anne = encrypted_list.person("Anne")
    by_rest(anne)
    (kept,) = anne.mail()
    message = email.message_from_bytes(kept.content, policy=email.policy.default)
    assert message.get_content_type() == "multipart/signed"
    assert f"Send it from this address to {encrypted_list.sub_address('request')}" in " ".join(
        message.as_string().split()
    )
    attached = [part for part in message.walk() if part.get_content_type() == "application/pgp-keys"]
    assert len(attached) == 1
