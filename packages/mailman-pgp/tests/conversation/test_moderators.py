"""Moderators decide by a signed reply, once, and it is kept who has decided."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from deciding import asks_to_join, hold, numbers
from talkers import Talker, entity, templates, text_of
from told import told

from mailman_pgp.openpgp.memberkeys import MemberKey

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


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
