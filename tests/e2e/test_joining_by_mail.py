"""People join, leave and manage their keys by mail: one question, one signed answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conversations import asked, clear, clear_texts, encrypted, readable, reply, tell, text_of

from mailman_pgp.sandbox import until

if TYPE_CHECKING:
    from people import EncryptedList, Person


def members(encrypted_list: EncryptedList) -> set[str]:
    found = encrypted_list.sandbox.rest(f"lists/{encrypted_list.list_id}/roster/member")
    return {entry["email"] for entry in found.get("entries", ())}


def open_door(encrypted_list: EncryptedList, policy: str = "confirm") -> None:
    encrypted_list.sandbox.rest(f"lists/{encrypted_list.list_id}/config", {"subscription_policy": policy}, "PATCH")


def answers(person: Person, text: str) -> bool:
    return any(text in text_of(said) for said in readable(person))


def test_join_with_a_key(encrypted_list: EncryptedList) -> None:
    """A mail with the key, one encrypted question, one signed answer: Anne is a member, and reads posts."""
    open_door(encrypted_list)
    anne = encrypted_list.person("Anne")
    tell(anne, clear(anne, "join", attached=anne.key.certificate))
    question = asked(anne)
    assert members(encrypted_list) == set()
    tell(anne, reply(anne, question))
    until(lambda: members(encrypted_list) == {anne.address}, "Anne's membership")
    until(lambda: answers(anne, "You are a member now."), "the answer")


def test_leave(encrypted_list: EncryptedList) -> None:
    """Signed, asked, and signed again."""
    anne = encrypted_list.member("Anne")
    tell(anne, encrypted(anne, "leave"))
    question = asked(anne)
    assert members(encrypted_list) == {anne.address}
    tell(anne, reply(anne, question))
    until(lambda: members(encrypted_list) == set(), "Anne's leaving")
    until(lambda: answers(anne, "You are a member no more."), "the answer")


def test_join_without_a_key(encrypted_list: EncryptedList) -> None:
    """The answer says how to send one."""
    anne = encrypted_list.person("Anne")
    tell(anne, clear(anne, "join"))
    until(lambda: any("Attach my public key" in text for text in clear_texts(anne)), "the answer")
    assert members(encrypted_list) == set()
