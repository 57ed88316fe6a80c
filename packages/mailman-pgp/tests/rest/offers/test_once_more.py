"""A key that was brought through the web is asked about once, once more, and taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from talkers import armored, entity, templates, text_of
from told import told
from webpeople import ANTS, Web, another, ask_to_join

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest
    from conftest import Door

ANNE, BART = "anne@example.net", "bart@example.net"


def test_asked_once(anne: Web) -> None:
    """A double click asks once; of two messages that were asked for, the earlier one can be answered, too."""
    anne.offer()
    assert anne.offer()["outcome"] == "asked"
    (first,) = anne.questions()
    assert anne.again() == {**anne.again(), "fingerprint": anne.key.fingerprint, "asked": True}
    assert len(anne.questions()) == 2
    anne.answer(first)
    assert anne.counting() == anne.key.fingerprint


def test_another_one_meanwhile(anne: Web) -> None:
    """Who brings another key before they have answered for the first is asked about that one; either can be answered."""
    anne.offer()
    (first,) = anne.questions()
    second = another(anne)
    second.offer()
    assert len(second.questions()) == 1
    assert second.again()["fingerprint"] == second.key.fingerprint
    anne.answer(first)
    assert anne.counting() == anne.key.fingerprint


def test_not_flooded(core: Any, anne: Web) -> None:
    """There is one limit for what is sent because of the web and because of mail, and it is said that it was reached."""
    limit = int(core.mta.max_autoresponses_per_day)
    anne.offer()
    for _ in range(limit - 1):
        anne.again()
    assert len(anne.questions()) == limit
    assert "too many messages" in anne.door.refused(409, "POST", f"{ANTS}/offers/{ANNE}/again")
    assert another(anne).refused()[0] == "asked-too-often"
    stranger = anne.talker
    assert stranger.tell(stranger.clear(entity("key set", attached=anne.key.certificate))) == []
    assert told() == []


def test_who_did_it(anne: Web, caplog: pytest.LogCaptureFixture) -> None:
    """Mailman's log has who asked again, and who took it back; where nobody is named, the door."""
    caplog.set_level("INFO")
    anne.offer()
    anne.again()
    anne.door.good("DELETE", f"{ANTS}/offers/{ANNE}", {"by": ANNE})
    found = [record.getMessage() for record in caplog.records]
    assert any(f"somebody was asked once more ({ANNE}, " in said and said.endswith("), by rest") for said in found)
    assert any(said.endswith(f"what was offered was taken back ({ANNE}), by {ANNE} (rest)") for said in found)


def test_taken_back(anne: Web) -> None:
    """What was taken back can't be answered any more, also not where it waited for a moderator already."""
    anne.offer()
    (question,) = anne.questions()
    anne.take_back()
    assert templates(anne.answer(question)) == ["code-unknown"]
    assert "No key of" in anne.door.refused(404, "DELETE", f"{ANTS}/offers/{ANNE}")
    assert "No key of" in anne.door.refused(404, "POST", f"{ANTS}/offers/{ANNE}/again")
    anne.talker.counts()
    new = another(anne)
    new.offer()
    (question,) = new.questions()
    new.answer(question)
    assert anne.door.get(f"{ANTS}/changes")["total_size"] == 1
    new.take_back()
    assert anne.door.get(f"{ANTS}/changes")["total_size"] == 0
    assert anne.counting() == anne.key.fingerprint


def test_of_others(anne: Web, make_list: Callable[[str], Any]) -> None:
    """What was offered for another address, or at another list, is neither seen nor taken back."""
    make_list("bee")
    anne.door.good("POST", "/lists", {"list_id": "bee.example.com"})
    anne.offer()
    for path in (f"{ANTS}/offers/{BART}", f"/lists/bee.example.com/offers/{ANNE}", f"{ANTS}/offers/nobody"):
        anne.door.refused(404, "DELETE", path)
        anne.door.refused(404, "POST", f"{path}/again")
    (question,) = anne.questions()
    anne.answer(question)
    assert anne.counting() == anne.key.fingerprint


def test_brought_by_mail(anne: Web) -> None:
    """What was brought by mail is known here: it is not asked about twice, is asked once more, and keeps what has proved it."""
    anne.talker.counts()
    new = another(anne)
    by_mail = anne.talker.command("key change", attached=new.key.certificate)
    assert len(new.questions(anne.talker.tell(by_mail))) == 1
    assert new.offer()["outcome"] == "asked"
    assert new.questions() == []
    new.again()
    (question,) = new.questions()
    new.answer(question)
    # The old key has signed that mail, so no moderator is needed.
    assert anne.counting() == new.key.fingerprint


def test_commands_beside_it(anne: Web) -> None:
    """What else was asked for by mail, and needs the old key's signature as well, needs it when it is asked once more."""
    anne.talker.counts()
    new = another(anne)
    anne.talker.tell(anne.talker.command("key change\nleave", attached=new.key.certificate))
    new.again()
    (question,) = new.questions()
    assert "`leave`" in text_of(question)
    assert templates(new.answer(question)) == ["reply-refused"]
    assert anne.counting() == anne.key.fingerprint
    assert anne.door.mlist().members.get_member(ANNE) is not None


def test_to_prove(door: Door) -> None:
    """Whose key an owner has added is asked once more whether they want to join."""
    anne = Web.person(door, ANNE)
    ask_to_join(door, ANNE)
    door.good("POST", f"{ANTS}/certificates", {"address": ANNE, "certificate": armored(anne.key.certificate)})
    assert door.get(f"{ANTS}/requests")["entries"][0]["reason"] == "waits for proof"
    told()
    assert anne.offer()["outcome"] == "counts"
    assert anne.questions() == []
    assert anne.again()["fingerprint"] == anne.key.fingerprint
    (question,) = anne.questions()
    anne.answer(question)
    assert door.mlist().members.get_member(ANNE) is not None
