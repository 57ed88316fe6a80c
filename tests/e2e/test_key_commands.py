"""People set, change, refresh, revoke and see their key by mail."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from conversations import (
    armored,
    asked,
    clear,
    confirmed,
    encrypted,
    moderator,
    questions,
    readable,
    reply,
    says,
    tell,
    text_of,
    until_says,
    until_says_in_clear,
)

from mailman_pgp.openpgp import grouped
from mailman_pgp.openpgp.memberkeys import MemberKey
from mailman_pgp.sandbox import until

if TYPE_CHECKING:
    from people import EncryptedList, Person


def another(person: Person, address: str = "") -> Person:
    """The same person with a new key, for another address where one is given."""
    key = MemberKey.generate(f"{person.name} <{address or person.address}>")
    return type(person)(person.list, person.name, person.address, key)


def member_without_key(encrypted_list: EncryptedList) -> Person:
    """A member whose key an owner has removed."""
    anne = encrypted_list.member("Anne")
    encrypted_list.pgp("certificate", "remove", encrypted_list.address, anne.address)
    return anne


def counts(person: Person) -> bool:
    """Whether a person's key is the one that counts."""
    return person.key.fingerprint in person.list.pgp("certificate", "list", person.list.address).replace(" ", "")


def test_set(encrypted_list: EncryptedList) -> None:
    """A member without a key sets one, and posts."""
    anne, bart = another(member_without_key(encrypted_list)), encrypted_list.member("Bart")
    question = confirmed(anne, clear(anne, subject="key set", attached=anne.key.certificate))
    assert question["subject"] == "Please confirm: key set"
    until_says(anne, f"From now on this key counts for your address on this list: {grouped(anne.key.fingerprint)}")
    anne.post("Here I am")
    until(lambda: any("Here I am" in said.as_string() for said in bart.read()), "the post")


def test_set_where_another_counts(encrypted_list: EncryptedList) -> None:
    """`key set` takes no other key's place: the answer names the command that does."""
    anne = encrypted_list.member("Anne")
    new = another(anne)
    confirmed(new, clear(new, subject="key set", attached=new.key.certificate))
    until_says(new, "To use this one in its place, send `key change` with it.")
    assert counts(anne)


def test_set_without_a_key(encrypted_list: EncryptedList) -> None:
    """The answer says how to send one."""
    anne = encrypted_list.person("Anne")
    tell(anne, clear(anne, subject="key set"))
    until_says_in_clear(anne, "holds a command that needs your certificate")


def test_a_key_of_another_address(encrypted_list: EncryptedList) -> None:
    """A certificate that does not name the author's address is refused before anybody is asked."""
    anne = encrypted_list.person("Anne")
    tell(anne, clear(anne, subject="key set", attached=another(anne, "anne@elsewhere.example").key.certificate))
    until_says_in_clear(anne, "brought a certificate that can't be used. Nothing was done.")


def test_a_secret_key(encrypted_list: EncryptedList) -> None:
    """Who sends their secret key is told so, and what to do."""
    anne = encrypted_list.person("Anne")
    block = armored(anne.key.secret).replace("PUBLIC", "PRIVATE")
    tell(anne, clear(anne, f"key set\n\n{block}"))
    until_says_in_clear(anne, "secret key")


@pytest.mark.parametrize("subject", ["key change", "Key Change "])
def test_change_by_the_old_key(encrypted_list: EncryptedList, subject: str) -> None:
    """The old key signs, the new one proves; the person is told at both."""
    olga = moderator(encrypted_list, "Olga", "owner")
    anne = encrypted_list.member("Anne")
    new = another(anne)
    tell(anne, encrypted(anne, "", subject=subject, attached=new.key.certificate))
    question = asked(new)
    assert grouped(new.key.fingerprint) in text_of(question)
    assert questions(anne) == []
    tell(new, reply(new, question))
    until_says(new, f"From now on this key counts for your address on this list: {grouped(new.key.fingerprint)}")
    told = f"until now: {grouped(anne.key.fingerprint)} The fingerprint from now on: {grouped(new.key.fingerprint)}"
    for person in (anne, new, olga):
        until_says(person, told)
    assert counts(new)
    assert not counts(anne)


def test_change_without_the_old_key(encrypted_list: EncryptedList) -> None:
    """Where the old key has not signed, a moderator decides by a signed reply; until then nothing is changed."""
    mona, anne = moderator(encrypted_list), encrypted_list.member("Anne")
    new = another(anne)
    confirmed(new, clear(new, subject="key change", attached=new.key.certificate))
    until_says(new, "a moderator decides whether the new one counts")
    notice = asked(mona)
    assert notice["subject"] == f"Another key of {anne.address}"
    for fingerprint in (anne.key.fingerprint, new.key.fingerprint):
        assert grouped(fingerprint) in text_of(notice)
    assert counts(anne)
    tell(mona, reply(mona, notice, "accept"))
    until_says(mona, f"From now on this key counts for {anne.address}")
    told = f"from now on: {grouped(new.key.fingerprint)}"
    until_says(anne, told)
    until_says(new, told)
    assert counts(new)


def test_change_that_a_moderator_rejects(encrypted_list: EncryptedList) -> None:
    """The key from before counts still, and its person is told there."""
    mona, anne = moderator(encrypted_list), encrypted_list.member("Anne")
    new = another(anne)
    confirmed(new, clear(new, subject="key change", attached=new.key.certificate))
    tell(mona, reply(mona, asked(mona), "reject"))
    until_says(mona, "The key does not count; nothing was changed.")
    until_says(anne, "A moderator has rejected that.")
    assert counts(anne)


def test_change_with_no_key_before(encrypted_list: EncryptedList) -> None:
    """Where none counts, `key change` is as good as `key set`."""
    anne = another(member_without_key(encrypted_list))
    confirmed(anne, clear(anne, subject="key change", attached=anne.key.certificate))
    until_says(anne, "From now on this key counts")
    assert counts(anne)


def test_show(encrypted_list: EncryptedList) -> None:
    """`key show` tells which key counts, its state, and what was done, the latest first."""
    anne = encrypted_list.member("Anne")
    new = another(anne)
    tell(anne, encrypted(anne, "key change", attached=new.key.certificate))
    tell(new, reply(new, asked(new)))
    until_says(new, "From now on this key counts")
    confirmed(new, encrypted(new, "key show"))
    until_says(new, f"The key that counts for your address on this list: {grouped(new.key.fingerprint)} State: proven;")
    (shown,) = [text for said in readable(new) if "What was done" in (text := text_of(said))]
    acts = [line.split("UTC")[1].strip() for line in shown.splitlines() if " UTC" in line]
    assert acts == ["proved", "changed", "added"]
    assert f"        {grouped(anne.key.fingerprint)}" in shown


def test_remove(encrypted_list: EncryptedList) -> None:
    """A signed `key revoke` without a revocation lets no key count here; the person is told, and can set another."""
    anne = encrypted_list.member("Anne")
    confirmed(anne, encrypted(anne, "key revoke"))
    until_says(anne, "From now on no key counts for your address on this list.")
    until_says(anne, "Your key was removed.")
    assert not counts(anne)
    new = another(anne)
    confirmed(new, clear(new, subject="key set", attached=new.key.certificate))
    until_says(new, "From now on this key counts")
    assert not says(anne, "From now on this key counts")
