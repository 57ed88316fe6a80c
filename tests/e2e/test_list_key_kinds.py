"""Lists whose key is of an experimental kind: mail in and copies out, with members of every kind, there and back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from conversations import clear, confirmed, encrypted, tell, until_says, until_says_in_clear
from correspondents import Club
from people import EncryptedList
from programs import PROGRAMS
from test_list_keys import _autocrypt, said

from mailman_pgp.openpgp import inspect
from mailman_pgp.openpgp.memberkeys import KeyKind
from mailman_pgp.sandbox import until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from people import Person

    from mailman_pgp.sandbox import Sandbox

EXPERIMENTAL = ["v6", "post-quantum"]
KINDS = {"Anne": KeyKind.CURVE25519, "Bart": KeyKind.V6, "Cris": KeyKind.POST_QUANTUM}


def give(encrypted_list: EncryptedList, profile: str) -> None:
    """Let the list have a key of a kind."""
    answer = encrypted_list.rest("key", {"action": "rotate", "profile": profile, "allow_experimental": "yes"})
    assert answer["profile"] == profile
    encrypted_list.refresh()


def everybody_reads(people: list[Person], words: str) -> None:
    """Each of them has a copy that says this, signed by the list's key of now."""

    def has(person: Person) -> bool:
        for kept in person.mail(0):
            try:
                if words in said(person.open(kept)):
                    return True
            except (AssertionError, ValueError):  # by another key, or in the clear
                continue
        return False

    until(lambda: all(has(person) for person in people), f"everybody to read {words}")


@pytest.mark.parametrize("profile", EXPERIMENTAL)
def test_mail_in_and_out(encrypted_list: EncryptedList, profile: str) -> None:
    """Members of every kind write and read; copies carry the certificate; the key is extended; and then the usual kind again."""
    give(encrypted_list, profile)
    people = [encrypted_list.member(name, kind) for name, kind in KINDS.items()]
    for person in people:
        person.post(f"From {person.name}")
        everybody_reads(people, f"From {person.name}")
    copy = until(lambda: [one for one in people[0].mail(0) if b"Autocrypt:" in one.content], "a copy")[-1]
    assert _autocrypt(copy) == inspect(encrypted_list.certificate).data
    status = encrypted_list.happened()
    assert (status["list_key"]["profile"], status["refused"]) == (profile, [])
    former = encrypted_list.certificate
    encrypted_list.rest("key", {"action": "extend", "years": 5})
    people[1].post("To a key that lives longer")
    everybody_reads(people, "To a key that lives longer")
    give(encrypted_list, "usual")
    people[0].send(people[0].write("Still to the former one", to=former))
    people[2].post("To the usual one")
    for words in ("Still to the former one", "To the usual one"):
        everybody_reads(people, words)


@pytest.mark.parametrize("profile", EXPERIMENTAL)
def test_commands(encrypted_list: EncryptedList, profile: str) -> None:
    """A question by the list is answered at its key; who asks what to do reads which program it takes."""
    give(encrypted_list, profile)
    anne = encrypted_list.member("Anne")
    confirmed(anne, encrypted(anne, "who"))
    until_says(anne, "The owners of this list do not show its members.")
    sue = encrypted_list.person("Sue")
    tell(sue, clear(sue, "help"))
    until_says_in_clear(sue, "you need a program that knows")


def test_at_the_command_line(encrypted_list: EncryptedList) -> None:
    """`rotate` asks for nothing when it is told yes, and says who may be left out."""
    encrypted_list.member("Anne")
    words = ("list-key", "rotate", encrypted_list.address, "--profile", "post-quantum", "--yes", "--json")
    answer: dict[str, Any] = json.loads(encrypted_list.pgp(*words))
    assert answer["list_key"]["profile"] == "post-quantum"
    assert f"anne{encrypted_list.number}@" in answer["warnings"][-1]


@pytest.fixture(scope="module", params=EXPERIMENTAL)
def club(
    request: pytest.FixtureRequest, sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, Club]]:
    """A list with a key of each kind, whose members use other programs."""
    made = Club(EncryptedList.make(sandbox), lambda: tmp_path_factory.mktemp("k"))
    made.list.take_unbound()
    give(made.list, request.param)
    # Signed by the key until now, it must not be taken for a post by who joins in this moment.
    until(lambda: made.author.mail(0), "the author to be told of the key")
    yield request.param, made
    sandbox.wait_until_idle()
    made.close()


#: Which read copies, and find the list's signature good; none of them writes to such a list.
READ = {"v6": (), "post-quantum": ("gpg", "sq", "sqop")}


@pytest.mark.peer
@pytest.mark.parametrize(
    "program", [pytest.param(name, marks=[] if name == "gpg" else [pytest.mark.deep]) for name in sorted(PROGRAMS)]
)
def test_members_with_other_programs(club: tuple[str, Club], program: str) -> None:
    """What they read is as the manual says, and to write to the list fails in their own program; what they lack comes with the usual key."""
    profile, made = club
    member = made.member(program)
    before = len(member.person.mail(0))
    made.author.post(f"To {program}")
    kept = until(lambda: [one for one in member.person.mail(0)[before:] if b"Autocrypt:" in one.content], "the copy")[
        -1
    ]
    if program in READ[profile]:
        assert f"To {program}" in said(member.read(kept))
    else:
        with pytest.raises((AssertionError, FileNotFoundError)):
            member.read(kept)
    with pytest.raises((AssertionError, FileNotFoundError)):
        member.post(member.program.write(member.person.payload("Not written"), made.list.certificate))
