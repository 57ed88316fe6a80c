"""Nothing is decided but by moderators with a key that counts, about just what they were asked and as it was when they were."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from deciding import asks_to_join, hold, numbers, refused
from keys import CERTIFY, SIGN, forge_usable
from talkers import Talker, entity, templates, text_of
from told import told

from mailman_pgp.openpgp.memberkeys import MemberKey

if TYPE_CHECKING:
    from collections.abc import Callable
    from email.message import EmailMessage

    from sqlalchemy.orm import Session


@pytest.fixture
def question(encrypted: Any, anne: Talker, olga: Talker, store: Session) -> EmailMessage:
    """What a moderator is asked about a post that is held."""
    hold(encrypted, anne, 1)
    store.commit()
    (asked,) = olga.read(told())
    return asked


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


def test_who_decides_nothing(encrypted: Any, anne: Talker, olga: Talker, question: EmailMessage) -> None:
    """A moderator without the key, another key of theirs, a member, a stranger; nor a word that is quoted or not alone."""
    refused(olga, olga.reply(question, "accept", sign=False), question, encrypted)
    refused(olga, olga.reply(question, "accept", by=MemberKey.generate(f"Olga <{olga.address}>")), question, encrypted)
    refused(olga, olga.reply(question, "accept", by=anne.key), question, encrypted)
    refused(anne, anne.reply(question, "accept"), question, encrypted)
    stranger = Talker.make("nora@example.net", encrypted)
    refused(stranger, stranger.reply(question, "accept"), question, encrypted)
    refused(olga, olga.reply(question, "> accept"), question, encrypted)
    refused(olga, olga.reply(question, "I accept"), question, encrypted)
    assert "The post is accepted" in olga.answers(olga.reply(question, "Accept."))


def _suspended(mlist: Any, moderator: Talker) -> None:
    from mailman_pgp.exchange import changing  # noqa: PLC0415 - core must be initialised
    from mailman_pgp.keys.journal import Actor, Door  # noqa: PLC0415

    changing.suspend(mlist, moderator.address, Actor(Door.REST))


def _member_only(mlist: Any, moderator: Talker) -> None:
    from mailman.interfaces.usermanager import IUserManager  # noqa: PLC0415 - core must be initialised
    from zope.component import getUtility  # noqa: PLC0415

    mlist.subscribe(getUtility(IUserManager).get_address(moderator.address))
    mlist.administrators.get_member(moderator.address).unsubscribe()


@pytest.mark.parametrize(
    "change", [_suspended, _member_only], ids=["their key is suspended", "they are a member, and look after nothing"]
)
def test_since_they_were_asked(
    encrypted: Any, olga: Talker, question: EmailMessage, store: Session, change: Callable[[Any, Talker], None]
) -> None:
    """Who was asked, and could not be asked by now, decides nothing."""
    change(encrypted, olga)
    store.commit()
    told()
    refused(olga, olga.reply(question, "accept"), question, encrypted)


def test_seen_by_others(encrypted: Any, olga: Talker, question: EmailMessage) -> None:
    """A code that travelled in the clear is good for nothing any more, signed or not."""
    inside = olga.protected("accept\n\n" + "".join(f"> {line}\n" for line in text_of(question).splitlines()))
    assert templates(olga.tell(olga.signed(inside))) == ["code-seen"]
    refused(olga, olga.reply(question, "accept"), question, encrypted)


def test_moderator_of_another_list(
    encrypted: Any, other: Any, olga: Talker, question: EmailMessage, members: Any
) -> None:
    """A code is good at its own list only, also where the same people look after both."""
    members.add(other, olga.address, role="owner")
    there = olga.at(other)
    there.counts()
    told()
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
