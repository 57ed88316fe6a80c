"""A key that a person brings through the web counts as by mail: when it has answered for itself, and never by the web alone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from keys import CERTIFY, DAY, REVOKE_KEY, SIGN, forge, forge_usable, now, signature
from rivals import rival
from talkers import Talker, armored, entity, templates, text_of
from told import told
from webpeople import ANTS, Web

from mailman_pgp import openpgp
from mailman_pgp.openpgp.memberkeys import MemberKey

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Door, Members
    from keys import Forged

ANNE, BART, OLGA = "anne@example.net", "bart@example.net", "olga@example.net"


@pytest.fixture(autouse=True)
def asking(door: Door, encrypted: str) -> None:  # noqa: ARG001 - it must be encrypted
    """Questions can be asked, and who proves a key joins."""
    from mailman.interfaces.mailinglist import SubscriptionPolicy  # noqa: PLC0415 - core must be initialised

    from mailman_pgp.conversation import questions  # noqa: PLC0415

    questions.install()
    door.mlist().subscription_policy = SubscriptionPolicy.confirm
    door.store.commit()


@pytest.fixture
def anne(door: Door, members: Members) -> Web:
    """A member without a key on the list."""
    members.add(door.mlist(), ANNE)
    told()
    return Web.person(door, ANNE)


@pytest.fixture
def olga(door: Door, members: Members) -> Talker:
    """An owner whose key counts."""
    made = Talker.make(OLGA, door.mlist())
    made.counts()
    members.add(door.mlist(), OLGA, role="owner")
    told()
    return made


def another(person: Web) -> Web:
    """The same person with a new key."""
    return Web.person(person.door, person.address)


def with_key_that_counts(person: Web, made: Forged) -> Web:
    """The same person, for whom this key counts."""
    found = replace(person, key=MemberKey(made.secret))
    found.talker.counts()
    told()
    return found


# -- a key that is to count


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


def ask_to_join(door: Door, address: str) -> None:
    """Somebody presses Subscribe in the web."""
    from mailman.interfaces.subscriptions import ISubscriptionManager  # noqa: PLC0415 - core must be initialised
    from mailman.interfaces.usermanager import IUserManager  # noqa: PLC0415
    from zope.component import getUtility  # noqa: PLC0415

    someone = getUtility(IUserManager).create_address(address)
    ISubscriptionManager(door.mlist()).register(someone, pre_verified=True)
    door.store.commit()


# -- asked, once more, and taken back


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


# -- what a key says of itself


def test_refreshed(anne: Web) -> None:
    """An extended copy of the key that counts counts at once, and its person is told that they have brought it."""
    forged = forge_usable(f"Anne <{ANNE}>", lifetime=101 * DAY)
    anne = with_key_that_counts(anne, forged)
    forged.user_id(f"Anne <{ANNE}>", lifetime=500 * DAY, usage=CERTIFY | SIGN, at=now() - 10)
    answer = anne.offer(forged.public)
    assert answer["outcome"] == "refreshed"
    assert answer["certificate"]["expires"] == anne.door.get(f"{ANTS}/certificates/{ANNE}")["certificate"]["expires"]
    event = anne.door.get(f"{ANTS}/events")["entries"][0]
    assert (event["act"], event["door"], event["by"]) == ("updated", "rest", ANNE)
    said = "".join(text_of(one) for one in anne.talker.read(told()))
    assert "By you, on" in said
    assert anne.offer(forged.public)["outcome"] == "counts"


def test_extended_for_a_request(door: Door) -> None:
    """A request that waits since the key has expired goes on with the extended copy."""
    forged = forge_usable(f"Anne <{ANNE}>", lifetime=50 * DAY)
    anne = with_key_that_counts(Web.person(door, ANNE), forged)
    ask_to_join(door, ANNE)
    code, sentence = anne.refused(forged.public, 400)
    assert code == "expired"
    assert "expired" in sentence
    forged.user_id(f"Anne <{ANNE}>", lifetime=500 * DAY, usage=CERTIFY | SIGN, at=now() - 10)
    answer = anne.offer(forged.public)
    assert (answer["outcome"], [went["goes_on"] for went in answer["requests"]]) == ("refreshed", [True])


def test_older_copy(anne: Web) -> None:
    """A copy from before the key was revoked does not bring it back, and the sentence says why."""
    forged = forge_usable(f"Anne <{ANNE}>")
    older = forged.public
    anne = with_key_that_counts(anne, forged)
    forged.revoke(at=now() - 10)
    assert anne.offer(forged.public)["outcome"] == "revoked"
    code, sentence = anne.refused(older, 400)
    assert code == "revoked"
    assert sentence == "An earlier copy of this key says more than this one: your key is revoked. Send another key."
    assert anne.door.get(f"{ANTS}/certificates/{ANNE}")["problem"] == "revoked"


@pytest.mark.parametrize("alone", [False, True])
def test_revoked(anne: Web, alone: bool) -> None:  # noqa: FBT001 - a parameter of the test
    """A revoked copy, or the revocation alone, counts at once."""
    forged = forge_usable(f"Anne <{ANNE}>")
    anne = with_key_that_counts(anne, forged)
    answer = anne.offer(revocation(forged) if alone else revoked(forged))
    assert (answer["outcome"], answer["certificate"]["fingerprint"]) == ("revoked", forged.fingerprint)
    assert anne.door.get(f"{ANTS}/certificates/{ANNE}")["problem"] == "revoked"
    assert any("Your key is revoked" in one.text for one in told() if one.template)


def revoked(made: Forged) -> bytes:
    """A copy of a certificate that is revoked; the key itself is as before."""
    copy = replace(made, direct=[*made.direct])
    copy.revoke(at=now() - 10)
    return copy.public


def revocation(made: Forged) -> str:
    """The revocation of a certificate, without that."""
    return armored(signature(made.primary, REVOKE_KEY, made.primary.hashed, at=now() - 10))


@pytest.mark.parametrize("alone", [False, True])
def test_somebody_elses_revocation(anne: Web, members: Members, alone: bool) -> None:  # noqa: FBT001 - as above
    """It counts, whoever brings it, who is named to nobody; and nobody learns by it whose key is known."""
    known, unknown = forge_usable(f"Bart <{BART}>"), forge_usable(f"Bart <{BART}>")
    members.add(anne.door.mlist(), BART)
    bart = with_key_that_counts(Web.person(anne.door, BART), known)
    bring: Any = revocation if alone else revoked
    answers = [anne.offer(bring(made)) for made in (known, unknown)]
    for answer in answers:
        answer.pop("http_etag")
    assert answers[0] == answers[1]
    assert answers[0]["outcome"] == "recorded"
    assert anne.door.get(f"{ANTS}/certificates/{BART}")["problem"] == "revoked"
    event = anne.door.get(f"{ANTS}/events")["entries"][0]
    assert (event["act"], event["door"], event["by"]) == ("revoked", "site", None)
    assert bart.counting() == known.fingerprint


def test_by_another_address_of_theirs(anne: Web) -> None:
    """Who acts by another address of theirs is the person; an owner who brings it is not."""
    from mailman.interfaces.usermanager import IUserManager  # noqa: PLC0415 - core must be initialised
    from zope.component import getUtility  # noqa: PLC0415

    users = getUtility(IUserManager)
    users.get_user(ANNE).link(users.create_address("anne.other@example.net"))
    anne.door.store.commit()
    forged = forge_usable(f"Anne <{ANNE}>", lifetime=101 * DAY)
    anne = with_key_that_counts(anne, forged)
    for days, by, recorded in ((500, "anne.other@example.net", ANNE), (600, OLGA, OLGA)):
        forged.user_id(f"Anne <{ANNE}>", lifetime=days * DAY, usage=CERTIFY | SIGN, at=now() - 700 + days)
        anne.offer(forged.public, by=by)
        assert anne.door.get(f"{ANTS}/events")["entries"][0]["by"] == recorded


# -- what is refused


def uploads() -> dict[str, Callable[[], tuple[bytes | str, str, int]]]:
    """What people bring by mistake: the upload, the code, the status."""
    anne = f"Anne <{ANNE}>"
    return {
        "secret": lambda: (
            openpgp.armor(forge_usable(anne).secret, "PGP PRIVATE KEY BLOCK").decode(),
            "secret-key",
            400,
        ),
        "several": lambda: (forge_usable(anne).public + forge_usable(anne).public, "several-keys", 400),
        "nothing": lambda: ("My key is on the server.", "no-key", 400),
        "an image": lambda: ("\x89PNG\r\n\x1a" + "\x01" * 500, "broken", 400),
        "expired": lambda: (forge_usable(anne, lifetime=DAY).public, "expired", 400),
        "of another address": lambda: (forge_usable(f"Anne <{BART}>").public, "wrong-address", 400),
        "for signatures only": lambda: (forge(anne).public, "no-encryption-subkey", 400),
        "too large": lambda: (armored(bytes(5 * 2**20)), "too-large", 400),
    }


@pytest.mark.parametrize("kind", uploads())
def test_refused(anne: Web, rows: Callable[[], dict[str, int]], kind: str) -> None:
    """Each has its code and its sentence; nothing is kept of it, and nobody is asked."""
    block, code, status = uploads()[kind]()
    before = rows()
    found, sentence = anne.refused(block, status)
    assert found == code
    assert sentence.endswith(".")
    if kind == "of another address":
        assert f"It is meant for {ANNE}, and carries {BART}." in sentence
    assert (rows(), told()) == (before, [])


def test_of_the_list(anne: Web) -> None:
    """The list's own key is nobody's, and a list has none of a person."""
    own = anne.door.get(f"{ANTS}/certificate")["armored"]
    assert anne.refused(own, 400)[0] == "key-of-the-list"
    assert Web.person(anne.door, "ant-owner@example.com").refused()[0] == "address-of-a-list"
    assert told() == []


def test_the_list_key_has_expired(anne: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is said that it is the list's, so that nobody takes it for their own; no message is counted."""
    from mailman_pgp.delivery import ledger  # noqa: PLC0415 - core must be initialised

    # The library makes no key that has expired already.
    monkeypatch.setattr(openpgp.ListSecretKey, "_dead", lambda _key: openpgp.CertificateProblem.EXPIRED)
    assert anne.refused() == ("list-key", "The key of this list has expired: extend it, or make a new one.")
    assert told() == []
    assert ledger.answers_within_a_day("ant.example.com", ANNE, ledger.Answered.UNPROVEN) == 0
