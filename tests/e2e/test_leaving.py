"""Leaving an encrypted list without a proof: the list's protection, the notices, and who may object."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from conversations import asked, clear, clear_texts, encrypted, readable, reply, tell, text_of

from mailman_pgp.sandbox import until
from mailman_pgp.sandbox.rest import RestError

if TYPE_CHECKING:
    from people import EncryptedList, Person

    from mailman_pgp.sandbox import Sandbox

TOLD = "Somebody asked that this address leaves"


def requests(encrypted_list: EncryptedList) -> list[dict[str, Any]]:
    """The requests to leave that wait, as core shows them."""
    return encrypted_list.listed("requests?request_type=unsubscription")


def is_member(person: Person) -> bool:
    """Whether somebody is a member."""
    return person.address in person.list.members()


def unsubscribe(person: Person) -> Any:
    """`DELETE /members/ID` for somebody of whom the web does not know who they are."""
    rest = person.list.sandbox.rest
    query = {"list_id": person.list.list_id, "subscriber": person.address, "role": "member"}
    (found,) = rest("members/find", query)["entries"]
    return rest(f"members/{found['member_id']}", {"pre_confirmed": "no"}, "DELETE")


def decide(encrypted_list: EncryptedList, action: str) -> None:
    """Decide about the only request by REST."""
    (row,) = requests(encrypted_list)
    encrypted_list.sandbox.rest(f"lists/{encrypted_list.list_id}/requests/{row['token']}", {"action": action})


def day_comes(sandbox: Sandbox, encrypted_list: EncryptedList) -> None:
    """Let the day come on which somebody leaves, and the daily work be done."""
    url = sandbox.options.database_url or f"sqlite:///{sandbox.place.var}/data/mailman.db"
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        ours = {"list_id": encrypted_list.list_id}
        query = "SELECT token, data FROM wf_request WHERE list_id = :list_id AND purpose = 'unsubscription'"
        ((token, text),) = connection.execute(sa.text(query), ours).all()
        data = json.loads(text)
        data["notes"]["leaves-at"] = "2020-01-01T00:00:00"
        connection.execute(
            sa.text("UPDATE wf_request SET data = :data WHERE token = :token"),
            {"data": json.dumps(data), "token": token},
        )
    engine.dispose()
    daily_work(sandbox)


def daily_work(sandbox: Sandbox) -> None:
    """A new process of `out` does at once what is done once a day."""
    before = sandbox.kill("out")
    until(lambda: sandbox.pids().get("out", before) != before, "out started again")


@pytest.fixture
def olga(encrypted_list: EncryptedList) -> Person:
    """The owner of the list, who has a key."""
    olga = encrypted_list.person("Olga")
    encrypted_list.sandbox.rest.subscribe(encrypted_list.list_id, olga.address, role="owner")
    encrypted_list.certify(olga)
    return olga


def test_a_moderator_protects(encrypted_list: EncryptedList, olga: Person) -> None:
    """Member and owner are told, the member in the clear too; a moderator's word is what takes them off the list."""
    anne = encrypted_list.member("Anne")
    assert unsubscribe(anne)["token_owner"] == "moderator"
    (row,) = requests(encrypted_list)
    assert row["reason"] == "waits for a moderator: leaves without a proof"
    until(lambda: any(TOLD in text for text in clear_texts(anne)), "the notice in the clear")
    until(lambda: any(TOLD in text_of(said) for said in readable(anne)), "the encrypted notice")
    until(lambda: any("is to leave" in str(said["subject"]) for said in readable(olga)), "the owner's notice")
    assert is_member(anne)
    with pytest.raises(RestError, match="Another request that") as caught:
        unsubscribe(anne)
    assert caught.value.status == 400
    decide(encrypted_list, "discard")
    assert is_member(anne)
    unsubscribe(anne)
    decide(encrypted_list, "accept")
    assert not is_member(anne)


def test_a_lost_key(encrypted_list: EncryptedList, olga: Person) -> None:
    """By mail without any key; the answer is the same for a stranger, about whom nobody is asked."""
    anne, eve = encrypted_list.member("Anne"), encrypted_list.person("Eve")
    for person in (anne, eve):
        tell(person, clear(person, "leave"))
    encrypted_list.sandbox.wait_until_idle()
    (row,) = requests(encrypted_list)
    assert row["email"] == anne.address
    assert is_member(anne)
    (answer,) = clear_texts(eve)
    subject = answer.partition("\n")[0]
    assert any(text.startswith(subject) for text in [*clear_texts(anne), *map(subject_of, readable(anne))])
    decide(encrypted_list, "accept")
    assert not is_member(anne)
    assert any("is to leave" in str(said["subject"]) for said in readable(olga))


def subject_of(message: Any) -> str:
    """The subject inside the encryption."""
    return str(message["subject"])


@pytest.mark.parametrize("protection", ["moderator", "delay"])
def test_proved_all_the_same(encrypted_list: EncryptedList, protection: str) -> None:
    """Whoever has the key answers the question, and leaves at once."""
    encrypted_list.pgp("set", encrypted_list.address, f"lost_key_leave={protection}")
    anne = encrypted_list.member("Anne")
    unsubscribe(anne)
    question = asked(anne)
    assert is_member(anne)
    tell(anne, reply(anne, question))
    until(lambda: not is_member(anne), "the end of the membership")
    assert requests(encrypted_list) == []


def test_a_delay_protects(encrypted_list: EncryptedList, olga: Person) -> None:
    """They leave on the day that everybody was told, and not before, whoever accepts."""
    encrypted_list.pgp("set", encrypted_list.address, "lost_key_leave=delay", "leave_delay_days=3")
    anne = encrypted_list.member("Anne")
    unsubscribe(anne)
    (row,) = requests(encrypted_list)
    day = row["reason"].split()[2]
    assert row["reason"] == f"leaves on {day} unless somebody objects"
    until(lambda: any(f"You leave on {day}" in text for text in clear_texts(anne)), "the notice")
    until(lambda: any(f"leave on {day}" in text_of(said) for said in readable(olga)), "the owner's notice")
    with pytest.raises(RestError, match=f"leaves on {day}") as caught:
        decide(encrypted_list, "accept")
    assert caught.value.status == 409
    daily_work(encrypted_list.sandbox)
    encrypted_list.sandbox.wait_until_idle()
    assert is_member(anne)
    day_comes(encrypted_list.sandbox, encrypted_list)
    until(lambda: not is_member(anne), "the end of the membership")
    assert requests(encrypted_list) == []


def test_objected(encrypted_list: EncryptedList) -> None:
    """Who says by a signed `stay` that they stay does."""
    encrypted_list.pgp("set", encrypted_list.address, "lost_key_leave=delay")
    anne = encrypted_list.member("Anne")
    unsubscribe(anne)
    leaving = asked(anne)
    tell(anne, encrypted(anne, "stay"))
    until(lambda: len(questions(anne)) > 1, "the other question")
    (staying,) = [said for said in questions(anne) if subject_of(said) != subject_of(leaving)]
    tell(anne, reply(anne, staying))
    until(lambda: requests(encrypted_list) == [], "the end of the request")
    tell(anne, reply(anne, leaving))  # too late
    encrypted_list.sandbox.wait_until_idle()
    assert is_member(anne)


def questions(person: Person) -> list[Any]:
    """The questions that came to somebody."""
    return [said for said in readable(person) if subject_of(said).startswith("Please confirm")]


def test_owners_remove_at_once(encrypted_list: EncryptedList) -> None:
    """The doors by which an owner removes somebody ask nobody."""
    anne, bart = encrypted_list.member("Anne"), encrypted_list.member("Bart")
    encrypted_list.sandbox.command("delmembers", "-l", encrypted_list.address, "-m", anne.address)
    rest = encrypted_list.sandbox.rest
    query = {"list_id": encrypted_list.list_id, "subscriber": bart.address, "role": "member"}
    (found,) = rest("members/find", query)["entries"]
    rest(f"members/{found['member_id']}", method="DELETE")
    assert not is_member(anne)
    assert not is_member(bart)


def test_another_address_meanwhile(encrypted_list: EncryptedList) -> None:
    """A moderator's word ends the membership that they were asked about, also where it has come to another address by now."""
    rest, anne, other = encrypted_list.sandbox.rest, encrypted_list.member("Anne"), encrypted_list.person("Other")
    unsubscribe(anne)
    rest(f"users/{anne.address}/addresses", {"email": other.address})
    rest(f"addresses/{other.address}/verify", {}, "POST")
    query = {"list_id": encrypted_list.list_id, "subscriber": anne.address, "role": "member"}
    (found,) = rest("members/find", query)["entries"]
    rest(f"members/{found['member_id']}", {"address": other.address}, "PATCH")
    assert encrypted_list.members() == {other.address}
    decide(encrypted_list, "accept")
    assert encrypted_list.members() == set()
    assert requests(encrypted_list) == []


@pytest.mark.parametrize("door", ["mail", "rest", "command line"])
def test_goodbye(encrypted_list: EncryptedList, door: str) -> None:
    """Who has left reads so, by the key that has counted until then if the door allows; and not that something waits for them."""
    anne = encrypted_list.member("Anne")
    if door == "mail":
        tell(anne, encrypted(anne, "leave"))
        tell(anne, reply(anne, asked(anne)))
    elif door == "rest":
        rest = encrypted_list.sandbox.rest
        query = {"list_id": encrypted_list.list_id, "subscriber": anne.address, "role": "member"}
        rest(f"members/{rest('members/find', query)['entries'][0]['member_id']}", method="DELETE")
    else:
        # Else it may leave before the command has ended its transaction, and that is encrypted still.
        with encrypted_list.sandbox.paused("out"):
            encrypted_list.sandbox.command("delmembers", "-l", encrypted_list.address, "-m", anne.address)
    until(lambda: not is_member(anne), "the end of the membership")
    encrypted_list.sandbox.wait_until_idle()
    goodbye = "You are no member of"
    in_clear = [text.partition("\n")[0] for text in clear_texts(anne)]
    assert [subject.startswith(goodbye) for subject in in_clear] == ([True] if door == "command line" else [])
    assert any(subject_of(said).startswith(goodbye) for said in readable(anne)) is (door != "command line")
