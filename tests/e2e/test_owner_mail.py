"""Mail to the owners reaches those who can read it, or comes back to its writer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from mistakes import doctor
from refusals import Guarded, words_of

if TYPE_CHECKING:
    from people import Person

SITE_OWNER = "postmaster@example.com"  # as the sandbox has it
NOBODY = "nobody who looks after this list can be sent your message"


def appoint(person: Person, role: str = "owner") -> None:
    """Have somebody look after the list."""
    member = {"list_id": person.list.list_id, "subscriber": person.address, "role": role}
    person.list.sandbox.rest("members", member)


def letter(guarded: Guarded, text: str) -> bytes:
    """Mail to the owners, encrypted."""
    return guarded.anne.write(text, address=guarded.list.sub_address("owner"))


def write_to_owners(guarded: Guarded, author: Person, message: bytes) -> None:
    """Send mail to the owners, and wait until Mailman is done with it."""
    author.send(message, guarded.list.sub_address("owner"))
    guarded.list.sandbox.wait_until_idle()
    assert guarded.list.sandbox.queue("shunt") == []


def warned(guarded: Guarded) -> bool:
    """Whether the doctor says that mail to the owners of the list is refused."""
    found = doctor(guarded.list.sandbox.place.config).stdout
    return f"No owner or moderator of {guarded.list.list_id} has a usable certificate" in found


@pytest.mark.parametrize("encrypted", [True, False], ids=["encrypted", "in-the-clear"])
def test_mail_that_no_owner_can_read_is_refused(guarded: Guarded, *, encrypted: bool) -> None:
    """The writer reads that nobody was sent it, each time; each owner what became of it, once a day; neither a word of it."""
    owner, moderator = guarded.list.person("Otto"), guarded.list.person("Mona")
    appoint(owner)
    appoint(moderator, "moderator")
    for number in (1, 2):
        canary = guarded.canary
        # Another text each time: two signatures of one second over one text are the same to the list.
        posted = letter(guarded, f"{canary.body} {number}")
        in_the_clear = canary.plain(guarded.anne, guarded.list.address)
        write_to_owners(guarded, guarded.anne, posted if encrypted else in_the_clear)
        answer = guarded.notice(guarded.anne, guarded.anne.mail(number)[-1])
        assert NOBODY in words_of(answer)
        assert canary.heard_in(answer) == set()
    for person in (owner, moderator):
        (kept,) = person.mail()
        words = words_of(guarded.notice(person, kept))
        assert "It was refused, since nobody who looks after the list could be sent it" in words
        assert "The list has no certificate of yours." in words
        assert not any(word.encode() in kept.content for word in guarded.canary.words)
    assert guarded.refused_for() == {"no-owner-can-read": 2}
    assert warned(guarded)


def test_owner_who_can_not_read_is_told(guarded: Guarded) -> None:
    """Where a moderator was sent it, the owner without a certificate reads that others were, and the writer nothing."""
    owner, moderator = guarded.list.person("Otto"), guarded.list.person("Mona")
    appoint(owner)
    guarded.list.certify(moderator)
    appoint(moderator, "moderator")
    write_to_owners(guarded, guarded.anne, letter(guarded, guarded.canary.body))
    _told_of_the_office, read = moderator.read(2)
    assert guarded.canary.body in read.as_string()
    texts = [words_of(guarded.notice(owner, kept)) for kept in owner.mail(2)]
    assert ["Others who look after the list were sent it." in text for text in texts].count(True) == 1
    assert guarded.list.sandbox.mailbox.count(guarded.anne.address) == 0
    assert guarded.refused_for() == {"no-certificate": 1}  # the news that Mona looks after the list
    assert not warned(guarded)


def test_mail_to_the_owners_of_a_list_without_owners(guarded: Guarded) -> None:
    """It would go to the owner of the site, who has no certificate on the list: it is refused all the same."""
    before = guarded.list.sandbox.mailbox.count(SITE_OWNER)
    write_to_owners(guarded, guarded.anne, letter(guarded, guarded.canary.body))
    (kept,) = guarded.anne.mail()
    assert NOBODY in words_of(guarded.notice(guarded.anne, kept))
    assert guarded.list.sandbox.mailbox.count(SITE_OWNER) == before + 1
    assert warned(guarded)
