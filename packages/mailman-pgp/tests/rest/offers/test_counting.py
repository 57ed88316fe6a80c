"""A key that a person brings through the web counts as by mail: when it has answered for itself, and never by the web alone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from keys import CERTIFY, SIGN, forge_usable
from rivals import rival
from talkers import Talker, armored, templates, text_of
from told import told
from webpeople import ANTS, Web, another, ask_to_join

from mailman_pgp import openpgp
from mailman_pgp.openpgp.memberkeys import MemberKey

if TYPE_CHECKING:
    from conftest import Door, Members

ANNE, BART = "anne@example.net", "bart@example.net"


def test_counts_when_answered(anne: Web) -> None:
    """The message goes to their mailbox, encrypted to the key; the key counts by the answer that it has signed."""
    answer = anne.offer(by=ANNE)
    assert (answer["outcome"], answer["replaces"]) == ("asked", None)
    assert answer["certificate"]["fingerprint"] == anne.key.fingerprint
    assert answer["sentence"].startswith(f"An encrypted message goes to {ANNE}.")
    assert anne.counting() == ""
    found = told()
    assert [(one.recipient, one.template) for one in found] == [(ANNE, "encrypted")]
    (question,) = anne.questions(found)
    assert openpgp.grouped(anne.key.fingerprint) in text_of(question)
    assert "`key set`" in text_of(question)
    anne.answer(question)
    assert anne.counting() == anne.key.fingerprint
    shown = anne.door.get(f"{ANTS}/certificates/{ANNE}")
    assert (shown["state"], shown["origin"]) == ("proven", "mail")
    assert anne.offer()["outcome"] == "counts"
    assert told() == []


@pytest.mark.parametrize("how", ["offer", "again"])
def test_two_at_the_same_moment(core: Any, anne: Web, monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    """Another process that is brought the same key waits for us, and then sees what was asked: one message, and one request."""
    import sqlalchemy as sa  # noqa: PLC0415

    from mailman_pgp.conversation import offering, offers  # noqa: PLC0415 - core must be initialised
    from mailman_pgp.model.tables import EncryptedList  # noqa: PLC0415

    if how == "again":
        anne.offer()
        told()
    found = []
    the_same = sa.update(EncryptedList).values(enabled_at=EncryptedList.enabled_at)
    look = offers.offers_of

    with rival(core, the_same) as kept_out:

        def looked(*arguments: Any) -> Any:
            found.append(kept_out())
            return look(*arguments)

        monkeypatch.setattr(offering, "offers_of", looked)
        monkeypatch.setattr(offers, "offers_of", looked)
        (anne.offer if how == "offer" else anne.again)()
        assert found == [True]
        assert not kept_out()
    assert len(told()) == 1


def test_the_web_alone(anne: Web) -> None:
    """Who uses the web in somebody's name, and has neither key nor mailbox, does not change to what posts are encrypted."""
    from mailman_pgp.delivery.lookup import look_up  # noqa: PLC0415 - core must be initialised

    def all_of_it(intruder: Web) -> None:
        intruder.offer(by=ANNE)
        intruder.again()
        intruder.take_back()
        intruder.offer()
        intruder.door("POST", f"{ANTS}/offers/{ANNE}/again")

    def served() -> list[str]:
        return [one.fingerprint for one in look_up("ant.example.com", [ANNE]).recipients]

    all_of_it(another(anne))
    assert served() == []
    anne.talker.counts()
    all_of_it(another(anne))
    assert served() == [anne.key.fingerprint]
    assert {one.recipient for one in told()} == {ANNE}


def test_heard(anne: Web) -> None:
    """Whoever subscribes to events hears of it as of one that is brought by mail: once, and not of what was refused."""
    from zope.event import subscribers  # noqa: PLC0415 - core must be initialised

    from mailman_pgp.events.kinds import KeyOfferedEvent  # noqa: PLC0415

    heard: list[object] = []
    subscribers.append(heard.append)
    try:
        anne.offer()
        anne.offer()
        anne.refused("none", 400)
    finally:
        subscribers.remove(heard.append)
    offered = [one for one in heard if isinstance(one, KeyOfferedEvent)]
    assert offered == [KeyOfferedEvent("ant.example.com", ANNE, anne.key.fingerprint, "proof")]


def test_answered_by_another_key(anne: Web) -> None:
    """An answer that the key has not signed does not count, even where somebody knows the code."""
    anne.offer()
    (question,) = anne.questions()
    intruder = another(anne)
    assert templates(intruder.answer(question)) == ["reply-refused"]
    assert anne.counting() == ""


def test_in_place_of_another(anne: Web, olga: Talker) -> None:
    """A moderator decides when the new key has answered; until then it waits, and is not asked about again."""
    anne.talker.counts()
    new = another(anne)
    answer = new.offer()
    assert (answer["outcome"], answer["replaces"]) == ("asked", anne.key.fingerprint)
    assert "then a moderator decides" in answer["sentence"]
    (question,) = new.questions()
    found = new.answer(question)
    assert [str(said["Subject"]) for said in olga.at(new.door.mlist()).read(found)] == [f"Another key of {ANNE}"]
    assert anne.counting() == anne.key.fingerprint
    answer = new.offer()
    assert (answer["outcome"], answer["replaces"]) == ("waits", anne.key.fingerprint)
    assert told() == []
    assert "waits for a moderator" in new.door.refused(409, "POST", f"{ANTS}/offers/{ANNE}/again")
    (change,) = new.door.get(f"{ANTS}/changes")["entries"]
    new.door.good("POST", f"{ANTS}/changes/{change['token']}", {"action": "accept"})
    assert anne.counting() == new.key.fingerprint
    assert new.offer()["outcome"] == "counts"


@pytest.mark.usefixtures("olga")
def test_asked_anew(anne: Web) -> None:
    """What waits for a moderator and can't be accepted, since another key counts by now, is asked about anew."""
    anne.talker.counts()
    new = another(anne)
    new.offer()
    (question,) = new.questions()
    new.answer(question)
    third = another(anne)
    anne.door.good("PUT", f"{ANTS}/certificates/{ANNE}", {"certificate": armored(third.key.certificate)})
    answer = new.offer()
    assert (answer["outcome"], answer["replaces"]) == ("asked", third.key.fingerprint)
    assert len(new.questions()) == 1


@pytest.mark.usefixtures("olga")
@pytest.mark.parametrize("once_more", [False, True])
def test_set_and_changed_meanwhile(anne: Web, once_more: bool) -> None:  # noqa: FBT001 - a parameter of the test
    """Who was asked while none counted is asked anew where one counts by now, so that the answer is not in vain."""
    anne.offer()
    (first,) = anne.questions()
    other = another(anne)
    other.talker.counts()
    if once_more:
        anne.again()
    else:
        assert anne.offer()["replaces"] == other.key.fingerprint
    (second,) = anne.questions()
    anne.answer(first)
    assert anne.counting() == other.key.fingerprint
    assert anne.door.get(f"{ANTS}/changes")["total_size"] == 0
    anne.answer(second)
    assert anne.counting() == other.key.fingerprint
    assert anne.door.get(f"{ANTS}/changes")["total_size"] == 1


@pytest.mark.usefixtures("olga")
def test_suspended(anne: Web) -> None:
    """The suspended key stays so; another one comes before a moderator, who sees it."""
    anne.talker.counts()
    anne.door.good("POST", f"{ANTS}/certificates/{ANNE}", {"action": "suspend"})
    assert anne.refused() == ("suspended", "The owners of this list have suspended your key. Write to them.")
    new = another(anne)
    assert new.offer()["replaces"] == anne.key.fingerprint
    (question,) = new.questions()
    new.answer(question)
    assert new.counting() == ""
    (change,) = new.door.get(f"{ANTS}/changes")["entries"]
    assert (change["suspended"], change["certificate"]["fingerprint"]) == (True, new.key.fingerprint)


def test_who_else_has_it(anne: Web, members: Members) -> None:
    """That a key counts for somebody else on the list, or is suspended there, is told to its holder only, by mail."""
    forged = forge_usable(f"Bart <{BART}>")
    forged.user_id(f"Anne <{ANNE}>", usage=CERTIFY | SIGN)
    members.add(anne.door.mlist(), BART)
    bart = Web(anne.door, BART, MemberKey(forged.secret))
    bart.talker.counts()
    mine = replace(anne, key=bart.key)
    assert mine.offer()["outcome"] == "asked"
    (question,) = mine.questions()
    said = "\n".join(text_of(one) for one in mine.talker.read(mine.answer(question)))
    assert "counts for another address on this list" in " ".join(said.split())
    assert mine.counting() == ""


def test_to_join(door: Door) -> None:
    """Whose request waits for a key brings it through the web: the request waits for the proof, and goes on with it."""
    anne = Web.person(door, ANNE)
    ask_to_join(door, ANNE)
    (request,) = door.get(f"{ANTS}/requests")["entries"]
    assert request["reason"] == "waits for a key"
    told()
    answer = anne.offer()
    assert [went["goes_on"] for went in answer["requests"]] == [True]
    (request,) = door.get(f"{ANTS}/requests")["entries"]
    assert request["reason"] == "waits for proof"
    (question,) = anne.questions()
    anne.answer(question)
    assert door.mlist().members.get_member(ANNE) is not None
    assert anne.counting() == anne.key.fingerprint
    assert "entries" not in door.get(f"{ANTS}/requests")
