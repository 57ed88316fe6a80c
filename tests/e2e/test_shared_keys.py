"""Two members with one key: each gets a copy, each may write by it, and what one has written counts once."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from keys import CERTIFY, SIGN, forge_usable

from mailman_pgp.openpgp.memberkeys import MemberKey
from mailman_pgp.sandbox import until

if TYPE_CHECKING:
    from people import EncryptedList, Person


@pytest.fixture
def pair(encrypted_list: EncryptedList) -> tuple[Person, Person]:
    """One person, at home and at work."""
    home, work = encrypted_list.person("Dora"), encrypted_list.person("DoraAtWork")
    forged = forge_usable(f"Dora <{home.address}>")
    forged.user_id(f"Dora <{work.address}>", usage=CERTIFY | SIGN)
    key = MemberKey(forged.secret)
    both = replace(home, key=key), replace(work, key=key)
    for person in both:
        encrypted_list.join(person)
    return both


def test_each_gets_a_copy(encrypted_list: EncryptedList, pair: tuple[Person, Person]) -> None:
    """Under one key, of one post."""
    anne = encrypted_list.member("Anne")
    anne.post("Kestrels")
    for person in (*pair, anne):
        (read,) = person.read()
        assert "Kestrels" in read.as_string()
    encrypted_list.sandbox.wait_until_idle()
    assert encrypted_list.sandbox.queue("shunt") == []


def test_each_may_write_by_it(encrypted_list: EncryptedList, pair: tuple[Person, Person]) -> None:
    """It is said from which address; the same content, sent from the other one, has come before."""
    anne, (home, work) = encrypted_list.member("Anne"), pair
    home.post("From home")
    work.post("From work")
    said = {next(read.iter_parts()).get_content().split(">")[0] for read in anne.read(2)}
    assert {line.split("<")[1] for line in said} == {home.address, work.address}
    encrypted_list.take_unbound()
    once = home.key.write(b"Content-Type: text/plain\n\nOnce\n", encrypted_list.certificate)
    for author in (home, work):
        author.send(author.envelope(once))
        encrypted_list.sandbox.wait_until_idle()
    until(
        lambda: [one["number"] for one in encrypted_list.happened()["refused"] if one["reason"] == "replayed"],
        "the second is refused",
    )
    assert encrypted_list.sandbox.mailbox.count(anne.address) == 3
