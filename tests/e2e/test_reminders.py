"""A member reads in time that their certificate ends, in mail encrypted to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keys import DAY, forge_usable
from people import HOME, Person
from refusals import Guarded

from mailman_pgp.openpgp.memberkeys import MemberKey

if TYPE_CHECKING:
    from collections.abc import Callable

    from people import EncryptedList


def test_member_and_owner_are_told(encrypted_list: EncryptedList, new_list: Callable[..., EncryptedList]) -> None:
    """Once, by the daily work of the process that sends; the owner's mail names the member, and is encrypted too."""
    address = f"vera{encrypted_list.number}@{HOME}"
    made = forge_usable(f"Vera <{address}>", age=100 * DAY, lifetime=110 * DAY)
    vera = Person(encrypted_list, "Vera", address, MemberKey(made.secret))
    encrypted_list.join(vera, made.public)
    otto = encrypted_list.person("Otto")
    sandbox = encrypted_list.sandbox
    encrypted_list.certify(otto)
    sandbox.rest("members", {"list_id": encrypted_list.list_id, "subscriber": otto.address, "role": "owner"})
    beside = Guarded.make(new_list())
    for _ in range(2):
        sandbox.kill("out")  # the next process does it after its first turn, and finds that it was done
        beside.takes_the_next()
        beside.takes_the_next()
        sandbox.wait_until_idle()
        (told,) = vera.mail()
        assert "It ends on" in vera.open(told).as_string()
        (digest,) = otto.mail()
        assert address in otto.open(digest).as_string()
        assert address.encode() not in digest.content
