"""Moderators decide by a signed reply about just what they were asked, as long as they are moderators with a key that counts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from keys import CERTIFY, SIGN, forge_usable
from talkers import Talker, entity, templates, text_of
from told import told

from mailman_pgp.openpgp.memberkeys import MemberKey

if TYPE_CHECKING:
    from email.message import EmailMessage

    from sqlalchemy.orm import Session


@pytest.fixture
def moderated(encrypted: Any) -> Any:
    """The list, where a moderator decides who joins."""
    from mailman.interfaces.mailinglist import SubscriptionPolicy  # noqa: PLC0415 - core must be initialised

    encrypted.subscription_policy = SubscriptionPolicy.moderate
    return encrypted


def asks_to_join(talker: Talker, moderator: Talker) -> EmailMessage:
    """Somebody asks to join, up to the question to a moderator, which is returned."""
    joining = talker.command("join", attached=talker.key.certificate)
    found = talker.tell(talker.reply(talker.asked(joining)))
    (question,) = [said for said in moderator.read(found) if "asks to join" in str(said["subject"])]
    return question


def hold(mlist: Any, author: Talker, number: int) -> int:
    """Hold a post, and return its number."""
    from mailman.app.moderator import hold_message  # noqa: PLC0415 - core must be initialised
    from mailman.email.message import Message  # noqa: PLC0415

    from mailman_pgp.conversation.holding import HoldChain  # noqa: PLC0415
    from mailman_pgp.posts.record import Kind, Record  # noqa: PLC0415
    from mailman_pgp.posts.sealed import Content, seal_message  # noqa: PLC0415

    record = Record(kind=Kind.POST, author=author.address, message_id=f"<{number}@example.net>", claim=f"post{number}")
    sealed = seal_message(Message(), mlist.list_id, record, Content(b"\n", {}))
    msgdata: dict[str, Any] = {}
    record.put(msgdata)
    held = int(hold_message(mlist, sealed, msgdata, "for a test"))
    HoldChain._ask(mlist, sealed, record, held, ["for a test"])
    return held


def numbers(mlist: Any) -> list[int]:
    """The numbers of the held posts."""
    from mailman.interfaces.requests import IListRequests  # noqa: PLC0415 - core must be initialised

    return [held.id for held in IListRequests(mlist).held_requests]


def test_number_of_another_post(encrypted: Any, anne: Talker, olga: Talker, store: Session) -> None:
    """A database gives the number of a post that was decided to another one: the code of the first decides nothing of it."""
    from mailman.app.moderator import handle_message  # noqa: PLC0415 - core must be initialised
    from mailman.interfaces.action import Action  # noqa: PLC0415
    from mailman.model.requests import _Request  # noqa: PLC0415

    first = hold(encrypted, anne, 1)
    store.commit()
    (question,) = olga.read(told())
    handle_message(encrypted, first, Action.discard)
    store.commit()
    second = hold(encrypted, anne, 2)
    if second != first:  # SQLite does it by itself
        store.query(_Request).filter_by(id=second).update({"id": first})
    store.commit()
    told()
    assert numbers(encrypted) == [first]
    for word in ("accept", "discard"):
        olga.tell(olga.reply(question, word))
        assert numbers(encrypted) == [first]
    assert told() == []


@pytest.mark.parametrize("word", ["accept", "reject", "discard"])
def test_decides_a_held_post(encrypted: Any, anne: Talker, olga: Talker, store: Session, word: str) -> None:
    """One word, once."""
    hold(encrypted, anne, 1)
    store.commit()
    (question,) = olga.read(told())
    answer = olga.answers(olga.reply(question, word))
    assert f"The post is {word}ed" in answer
    assert numbers(encrypted) == []
    assert templates(olga.tell(olga.reply(question, word))) == ["code-unknown"]


@pytest.mark.parametrize("word", ["accept", "reject", "discard"])
def test_who_has_decided(moderated: Any, olga: Talker, word: str, caplog: pytest.LogCaptureFixture) -> None:
    """It is kept by whose word somebody joined, with whose their key is approved; and in the log who said what of each request."""
    from mailman_pgp.keys import journal  # noqa: PLC0415 - core must be initialised
    from mailman_pgp.keys.journal import Act, Door  # noqa: PLC0415

    nora = Talker.make("nora@example.net", moderated)
    olga.tell(olga.reply(asks_to_join(nora, olga), word))
    latest = journal.of(moderated.list_id, nora.address)[0]
    if word == "accept":
        assert (latest.act, latest.door, latest.by) == (Act.APPROVED, Door.MAIL, olga.address)
    else:
        assert latest.act is Act.PROVED
    said = f"{moderated.fqdn_listname}: a request was {word}ed ({nora.address}, join), by {olga.address} (mail)"
    assert said in caplog.text


def test_who_has_decided_about_a_post(
    encrypted: Any, anne: Talker, olga: Talker, store: Session, caplog: pytest.LogCaptureFixture
) -> None:
    """So it is of a held post."""
    hold(encrypted, anne, 1)
    store.commit()
    (question,) = olga.read(told())
    olga.tell(olga.reply(question, "discard"))
    assert re.search(rf"discard of the held post \S+, by {olga.address} \(mail\)", caplog.text)


@pytest.mark.parametrize("known", [True, False], ids=["a moderator sends it", "its person sends it"])
@pytest.mark.parametrize("to", ["request", "confirm"])
def test_token_of_core(moderated: Any, olga: Talker, to: str, *, known: bool) -> None:
    """The token by which REST knows a request lets nobody in by mail, signed or not, whoever sends it."""
    from mailman_workflows import saved  # noqa: PLC0415 - core must be initialised

    nora = Talker.make("nora@example.net", moderated)
    asks_to_join(nora, olga)
    (row,) = saved.all_at(moderated)
    token, sender = row.token, olga if known else nora
    sender.tell(sender.clear(entity(f"confirm {token}", fields=[f"Subject: confirm {token}"])), to=to)
    sender.tell(sender.command(f"confirm {token}\n\naccept\n"), to=to)
    assert moderated.members.get_member(nora.address) is None
    assert [each.token for each in saved.all_at(moderated)] == [token]


def refused(moderator: Talker, mail: bytes, question: EmailMessage, mlist: Any) -> None:
    """An answer decides nothing, and the question is open still."""
    found = templates(moderator.tell(mail))
    assert found
    assert set(found) <= {"reply-refused", "code-unknown", "needs-signature", "refusal"}
    assert len(numbers(mlist)) == 1
    assert question


def test_who_decides_nothing(encrypted: Any, anne: Talker, olga: Talker, members: Any, store: Session) -> None:
    """A moderator without the key, another key of theirs, a member, a stranger, and a moderator of another list."""
    hold(encrypted, anne, 1)
    store.commit()
    (question,) = olga.read(told())
    refused(olga, olga.reply(question, "accept", sign=False), question, encrypted)
    refused(olga, olga.reply(question, "accept", by=MemberKey.generate(f"Olga <{olga.address}>")), question, encrypted)
    refused(olga, olga.reply(question, "accept", by=anne.key), question, encrypted)
    refused(anne, anne.reply(question, "accept"), question, encrypted)
    stranger = Talker.make("nora@example.net", encrypted)
    refused(stranger, stranger.reply(question, "accept"), question, encrypted)
    refused(olga, olga.reply(question, "> accept"), question, encrypted)
    refused(olga, olga.reply(question, "I accept"), question, encrypted)
    assert "The post is accepted" in olga.answers(olga.reply(question, "Accept."))
    assert members


def test_suspended_a_minute_ago(encrypted: Any, anne: Talker, olga: Talker, store: Session) -> None:
    """Whose key was suspended decides nothing with what they were asked before."""
    from mailman_pgp.exchange import changing  # noqa: PLC0415 - core must be initialised
    from mailman_pgp.keys.journal import Actor, Door  # noqa: PLC0415

    hold(encrypted, anne, 1)
    store.commit()
    (question,) = olga.read(told())
    changing.suspend(encrypted, olga.address, Actor(Door.REST))
    store.commit()
    told()
    refused(olga, olga.reply(question, "accept"), question, encrypted)


def test_no_moderator_any_more(encrypted: Any, anne: Talker, olga: Talker, store: Session) -> None:
    """Who looks after the list no longer decides nothing; nor whose key counts, since they are a member still."""
    from mailman.interfaces.usermanager import IUserManager  # noqa: PLC0415 - core must be initialised
    from zope.component import getUtility  # noqa: PLC0415

    hold(encrypted, anne, 1)
    store.commit()
    (question,) = olga.read(told())
    encrypted.subscribe(getUtility(IUserManager).get_address(olga.address))
    encrypted.administrators.get_member(olga.address).unsubscribe()
    store.commit()
    told()
    refused(olga, olga.reply(question, "accept"), question, encrypted)


def test_seen_by_others(encrypted: Any, anne: Talker, olga: Talker, store: Session) -> None:
    """A code that travelled in the clear is good for nothing any more, signed or not."""
    hold(encrypted, anne, 1)
    store.commit()
    (question,) = olga.read(told())
    inside = olga.protected("accept\n\n" + "".join(f"> {line}\n" for line in text_of(question).splitlines()))
    assert templates(olga.tell(olga.signed(inside))) == ["code-seen"]
    refused(olga, olga.reply(question, "accept"), question, encrypted)


def test_moderator_of_another_list(
    encrypted: Any, other: Any, anne: Talker, olga: Talker, members: Any, store: Session
) -> None:
    """A code is good at its own list only, also where the same people look after both."""
    members.add(other, olga.address, role="owner")
    there = olga.at(other)
    there.counts()
    hold(encrypted, anne, 1)
    store.commit()
    (question,) = olga.read(told())
    refused(there, there.reply(question, "accept"), question, encrypted)


def test_another_key_than_shown(moderated: Any, olga: Talker, store: Session) -> None:
    """Who changes their key while a moderator looks at the first is not let in by the answer about that."""
    nora = Talker.make("nora@example.net", moderated)
    question = asks_to_join(nora, olga)
    new = MemberKey.generate(f"Nora <{nora.address}>")
    change = nora.asked(nora.command("key change", attached=new.certificate), by=new)
    nora.tell(nora.reply(change, by=new))
    found = olga.tell(olga.reply(question, "accept"))
    assert moderated.members.get_member(nora.address) is None
    assert any(
        "another key counts for this person by now" in " ".join(text_of(said).split()) for said in olga.read(found)
    )
    (again,) = [said for said in olga.read(found) if "asks to join" in str(said["subject"])]
    (answer,) = [
        text_of(said) for said in olga.read(found) if said is not again and said["subject"] != again["subject"]
    ]
    assert "The request is accepted." not in answer
    assert "waits for a moderator once more" in " ".join(answer.split())
    assert new.fingerprint in text_of(again).replace(" ", "")
    olga.tell(olga.reply(again, "accept"))
    assert moderated.members.get_member(nora.address) is not None
    assert store


def test_code_of_another_request(moderated: Any, olga: Talker) -> None:
    """Two people wait: each code lets in the one it was made for, and nobody by words about the other."""
    nora, nils = (Talker.make(f"{name}@example.net", moderated) for name in ("nora", "nils"))
    about_nora, about_nils = asks_to_join(nora, olga), asks_to_join(nils, olga)
    text = text_of(about_nora).replace("nora", "nils") + "\n" + text_of(about_nils).split("code ")[0]
    olga.tell(olga.command("accept\n\n" + "".join(f"> {line}\n" for line in text.splitlines())))
    assert moderated.members.get_member(nora.address) is not None
    assert moderated.members.get_member(nils.address) is None


@pytest.mark.parametrize("word", ["accept", "Accept.", "discard", "  reject"])
def test_word_in_a_user_id(moderated: Any, olga: Talker, word: str) -> None:
    """What somebody has written into their key decides nothing, though the moderator's program quotes it without marks."""
    forged = forge_usable("Nora <nora@example.net>")
    for user_id in (word, f"{word}\n{word}"):
        forged.user_id(user_id, usage=CERTIFY | SIGN)
    nora = Talker("nora@example.net", moderated, MemberKey(forged.secret))
    asking = nora.asked(nora.command("join", attached=forged.public))
    (question,) = [said for said in olga.read(nora.tell(nora.reply(asking))) if "asks to join" in str(said["subject"])]
    text = text_of(question)
    assert word.strip() in text
    for above in ("Who is this?\n\n", "Who is this?\n\nThe list wrote\n\n", ""):
        assert templates(olga.tell(olga.command(f"{above}{text}"))) == ["reply-refused"]
    assert moderated.members.get_member(nora.address) is None
    assert "The request is accepted" in olga.answers(olga.reply(question, "accept"))


def test_key_that_is_no_longer_good(encrypted: Any, anne: Talker, olga: Talker, store: Session) -> None:
    """Another key that was revoked while a moderator thought about it does not count; they are told."""
    from keys import forge_usable, now  # noqa: PLC0415

    from mailman_pgp import openpgp  # noqa: PLC0415 - core must be initialised
    from mailman_pgp.keys import registry, upkeep  # noqa: PLC0415
    from mailman_pgp.model.database import now as naive_now  # noqa: PLC0415

    forged = forge_usable(f"Anne <{anne.address}>")
    new = MemberKey(forged.secret)
    asked = anne.asked(anne.clear(entity("key change", attached=forged.public)), by=new)
    (question,) = olga.read(anne.tell(anne.reply(asked, by=new)))
    registry.add("bee.example.com", anne.address, openpgp.inspect(forged.public), origin="test")
    forged.revoke(at=now() - 10)
    upkeep.learn(openpgp.inspect(forged.public), naive_now())
    store.commit()
    assert "revoked" in olga.answers(olga.reply(question, "accept"))
    counting = registry.current(encrypted.list_id, anne.address)
    assert counting is not None
    assert counting.fingerprint == anne.key.fingerprint


def test_owner_as_a_user(encrypted: Any, anne: Talker, olga: Talker, store: Session) -> None:
    """Who looks after the list by their preferred address does as anybody else; who has none by now keeps nobody from it."""
    from mailman.interfaces.member import MemberRole  # noqa: PLC0415 - core must be initialised
    from mailman.interfaces.usermanager import IUserManager  # noqa: PLC0415
    from mailman.utilities.datetime import now  # noqa: PLC0415
    from zope.component import getUtility  # noqa: PLC0415

    from mailman_pgp.exchange import changing  # noqa: PLC0415
    from mailman_pgp.keys.journal import Actor, Door  # noqa: PLC0415

    owners = [Talker.make(f"{name}@example.net", encrypted) for name in ("otto", "oona")]
    for owner in owners:
        owner.counts()
        user = getUtility(IUserManager).create_user(owner.address)
        (address,) = user.addresses
        address.verified_on = now()
        user.preferred_address = address
        encrypted.subscribe(user, MemberRole.owner)
    otto, oona = owners
    without = getUtility(IUserManager).get_user(oona.address)
    encrypted.subscribe(without)
    del without.preferred_address
    hold(encrypted, anne, 1)
    store.commit()
    found = told()
    assert {one.recipient for one in found if one.template == "encrypted"} == {otto.address, olga.address}
    (question,) = otto.read(found)
    assert "The post is discarded" in otto.answers(otto.reply(question, "discard"))
    assert numbers(encrypted) == []
    assert anne.address in otto.answers(otto.reply(otto.asked(otto.command("who"))))
    changing.suspend(encrypted, otto.address, Actor(Door.REST))
    assert otto.address in [one.recipient for one in told()]


@pytest.mark.parametrize("others", [True, False], ids=["others can", "nobody can"])
def test_library_refuses_a_moderator(
    moderated: Any, olga: Talker, members: Any, monkeypatch: pytest.MonkeyPatch, *, others: bool
) -> None:
    """A certificate of a moderator that the library refuses keeps nobody from asking; they are told that something waits."""
    from mailman_pgp.conversation import asking  # noqa: PLC0415 - core must be initialised
    from mailman_pgp.openpgp import FanOutError  # noqa: PLC0415

    otto = Talker.make("otto@example.net", moderated)
    if others:
        otto.counts()
        members.add(moderated, otto.address, role="moderator")
        told()
    send = asking.send_encrypted

    def refuse(mlist: Any, written: Any, readers: Any, **keywords: Any) -> None:
        if [one.address for one in readers] == [olga.address]:
            raise FanOutError("It is refused.")
        send(mlist, written, readers, **keywords)

    monkeypatch.setattr(asking, "send_encrypted", refuse)
    nora = Talker.make("nora@example.net", moderated)
    found = nora.tell(nora.reply(nora.asked(nora.command("join", attached=nora.key.certificate))))
    assert [one.recipient for one in found if one.template == "waiting"] == [olga.address]
    assert any("A moderator decides" in text_of(said) for said in nora.read(found))
    if others:
        (question,) = otto.read(found)
        otto.tell(otto.reply(question, "accept"))
        assert moderated.members.get_member(nora.address) is not None


def test_rejects_a_request_to_leave(encrypted: Any, anne: Talker, olga: Talker) -> None:
    """The member reads that it was the request to leave."""
    found = anne.tell(anne.clear(entity("leave")))
    (question,) = [said for said in olga.read(found) if "is to leave" in str(said["subject"])]
    (rejection,) = [one for one in olga.tell(olga.reply(question, "reject")) if one.recipient == anne.address]
    text = " ".join(rejection.text.split())
    assert "Request to leave" in text
    assert "Subscription request" not in text
    assert encrypted.members.get_member(anne.address) is not None


@pytest.mark.parametrize("how", ["changed", "suspended", "removed"])
def test_another_key_counts_by_now(encrypted: Any, anne: Talker, olga: Talker, store: Session, how: str) -> None:
    """Whoever lets another key take the place of the one that they were shown takes away no later one, and lifts no suspension."""
    from mailman_pgp import openpgp  # noqa: PLC0415 - core must be initialised
    from mailman_pgp.exchange import changing  # noqa: PLC0415
    from mailman_pgp.keys import registry  # noqa: PLC0415
    from mailman_pgp.keys.journal import Actor, Door  # noqa: PLC0415

    new, latest = (MemberKey.generate(f"Anne <{anne.address}>") for _ in range(2))
    asked = anne.asked(anne.clear(entity("key change", attached=new.certificate)), by=new)
    (question,) = [said for said in olga.read(anne.tell(anne.reply(asked, by=new))) if "Another key" in said["subject"]]
    by_rest = Actor(Door.REST)
    if how == "changed":
        certificate = openpgp.inspect(latest.certificate)
        changing.let_count(encrypted, anne.address, certificate, registry.ChoiceState.APPROVED, by_rest)
    else:
        (changing.suspend if how == "suspended" else changing.remove)(encrypted, anne.address, by_rest)
    store.commit()
    told()
    before = registry.chosen(encrypted.list_id, anne.address)
    answer = " ".join(olga.answers(olga.reply(question, "accept")).split())
    assert "is not the one any more that you were shown, and nothing was changed" in answer
    assert registry.chosen(encrypted.list_id, anne.address) == before


def test_what_a_moderator_is_told_is_encrypted(moderated: Any, olga: Talker, store: Session) -> None:
    """That somebody can't be let in, and what is wrong with their key, nobody on the way reads; they wait as before."""
    from mailman_pgp.exchange import changing  # noqa: PLC0415 - core must be initialised
    from mailman_pgp.keys.journal import Actor, Door  # noqa: PLC0415

    nora = Talker.make("nora@example.net", moderated)
    question = asks_to_join(nora, olga)
    changing.suspend(moderated, nora.address, Actor(Door.REST))
    store.commit()
    told()
    found = olga.tell(olga.reply(question, "accept"))
    assert templates(found) == ["encrypted"]
    (answer,) = olga.read(found)
    assert "the certificate is suspended" in " ".join(text_of(answer).split())
    changing.resume(moderated, nora.address, Actor(Door.REST))
    store.commit()
    olga.tell(olga.reply(question, "accept"))
    assert moderated.members.get_member(nora.address) is not None


@pytest.mark.parametrize("word", ["accept", "reject", "discard"])
def test_who_decided_about_a_request(moderated: Any, olga: Talker, word: str) -> None:
    """It is kept who has decided by mail; what they have approved, the key too, is theirs and no one's else."""
    from mailman_pgp.keys import journal  # noqa: PLC0415 - core must be initialised
    from mailman_pgp.keys.journal import Act, Door  # noqa: PLC0415
    from mailman_pgp.lists import deeds  # noqa: PLC0415

    nora = Talker.make("nora@example.net", moderated)
    question = asks_to_join(nora, olga)
    olga.tell(olga.reply(question, word))
    (done,) = deeds.of(moderated.list_id)
    assert (done.deed, done.door, done.by) == (f"request-{word}ed", Door.MAIL, olga.address)
    assert (done.address, done.what) == (nora.address, "join")
    approved = [event for event in journal.of(moderated.list_id, nora.address) if event.act is Act.APPROVED]
    assert [(event.door, event.by) for event in approved] == [(Door.MAIL, olga.address)] * (word == "accept")
    olga.tell(olga.reply(question, word))
    assert len(deeds.of(moderated.list_id)) == 1


@pytest.mark.parametrize("word", ["accept", "reject", "discard"])
def test_who_decided_about_a_key(encrypted: Any, anne: Talker, olga: Talker, word: str) -> None:
    """It is kept which key it was, also where it does not count."""
    from mailman_pgp import openpgp  # noqa: PLC0415 - core must be initialised
    from mailman_pgp.keys.journal import Door  # noqa: PLC0415
    from mailman_pgp.lists import deeds  # noqa: PLC0415

    new = MemberKey.generate(f"Anne <{anne.address}>")
    asking = anne.asked(anne.clear(entity("key change", attached=new.certificate)), by=new)
    (question,) = olga.read(anne.tell(anne.reply(asking, by=new)))
    assert deeds.of(encrypted.list_id) == []
    olga.tell(olga.reply(question, word))
    (done,) = deeds.of(encrypted.list_id)
    assert (done.deed, done.door, done.by) == (f"change-{word}ed", Door.MAIL, olga.address)
    assert (done.address, done.what) == (anne.address, openpgp.inspect(new.certificate).fingerprint)
