"""A whole conversation with each OpenPGP program, in the form of each mail program."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from bodies import BODIES
from conversations import armored as in_armor
from conversations import members, set_policy, tell, text_of
from correspondents import Club
from dialogue import letter, protected, question_for, sealed, signed_within, until_program_says
from programs import PROGRAMS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from people import EncryptedList

pytestmark = [pytest.mark.peer, pytest.mark.deep]

ONE_PASS, WITHIN = "one-pass", "multipart/signed"
#: The OpenPGP program, where it puts its signature, the form of the reply, and whether there are protected headers.
CONVERSATIONS = [
    ("rnp", WITHIN, "thunderbird", True),
    ("rnp", ONE_PASS, "thunderbird_html", True),
    ("gpg", ONE_PASS, "outlook", False),
    ("gpg", WITHIN, "mutt", True),
    ("sq", ONE_PASS, "k9", True),
    ("sq", WITHIN, "fairemail", False),
    ("sqop", ONE_PASS, "fairemail", True),
    ("sqop", WITHIN, "thunderbird", False),
    ("gosop", ONE_PASS, "outlook_plain", False),
    ("gosop", WITHIN, "k9", False),
]


@pytest.fixture
def club(encrypted_list: EncryptedList, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Club]:
    """A list of the test's own, whose members use other programs."""
    made = Club(encrypted_list, lambda: tmp_path_factory.mktemp("p"))
    yield made
    made.close()


@pytest.mark.parametrize(("program", "form", "body", "protects"), CONVERSATIONS)
def test_join(club: Club, program: str, form: str, body: str, *, protects: bool) -> None:
    """A mail with the key, a question that the program opens, a signed reply that quotes it: a member."""
    set_policy(club.list, "confirm")
    who = club.stranger(program)

    def send(entity: str, subject: str) -> None:
        inside = protected(who, entity, subject) if protects else entity
        if form == ONE_PASS:
            tell(who.person, sealed(who, inside.encode()))
        else:
            tell(who.person, sealed(who, signed_within(who, inside), sign=False))

    send(f"Content-Type: text/plain\n\njoin\n\n{in_armor(who.certificate)}", "Hello")
    question = question_for(who)
    send(BODIES[body]("Yes.", text_of(question).replace("\r\n", "\n")), f"Re: {question['subject']}")
    until_program_says(who, "You are a member now.")
    assert who.person.address in members(club.list)


def test_all_programs_talk() -> None:
    """Each program and each form of a reply has its conversation."""
    assert {name for name, *_ in CONVERSATIONS} == set(PROGRAMS)
    assert {body for _, _, body, _ in CONVERSATIONS} == set(BODIES)


def test_a_quotation_alone_says_nothing(club: Club) -> None:
    """A reply in any form that says nothing above, below or beside the quotation does nothing."""
    greta = club.member("gpg")
    tell(greta.person, letter(greta, "leave"))
    question = question_for(greta)
    for body in BODIES.values():
        entity = body("", text_of(question).replace("\r\n", "\n"))
        tell(greta.person, sealed(greta, protected(greta, entity, "Re: [...]").encode()))
    club.list.sandbox.wait_until_idle()
    until_program_says(greta, "neither yes nor no on a line of its own")
    assert greta.person.address in members(club.list)
