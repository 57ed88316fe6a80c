"""A suspension ends by an owner's word: its person gets rid of it by no door."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from keys import CERTIFY, SIGN, forge_usable
from rivals import rival
from talkers import Talker, entity, text_of
from told import told

from mailman_pgp.openpgp.memberkeys import MemberKey

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.orm import Session

_SENTENCE = "The owners of this list have suspended your key. Write to them."


def suspend(who: Talker) -> None:
    """An owner suspends what counts for somebody."""
    from mailman_pgp.model.database import commit  # noqa: PLC0415 - core must be initialised

    _suspend(who)
    commit()
    told()


def _suspend(who: Talker) -> None:
    from mailman_pgp.exchange import changing  # noqa: PLC0415 - core must be initialised
    from mailman_pgp.keys.journal import Actor, Door  # noqa: PLC0415

    changing.suspend(who.mlist, who.address, Actor(Door.REST))


def approve(who: Talker) -> bytes:
    """An owner lets somebody's key count; returns the certificate as it is stored."""
    from mailman_pgp import openpgp  # noqa: PLC0415 - core must be initialised
    from mailman_pgp.exchange import changing  # noqa: PLC0415
    from mailman_pgp.keys.journal import Actor, Door  # noqa: PLC0415
    from mailman_pgp.keys.registry import ChoiceState  # noqa: PLC0415
    from mailman_pgp.model.database import commit  # noqa: PLC0415

    approved = openpgp.inspect(who.key.certificate)
    changing.let_count(who.mlist, who.address, approved, ChoiceState.APPROVED, Actor(Door.REST))
    commit()
    told()
    return approved.data


def counts(who: Talker) -> bool:
    """Whether anything counts for somebody."""
    from mailman_pgp.keys import registry  # noqa: PLC0415 - core must be initialised

    return registry.current(who.mlist.list_id, who.address) is not None


def with_another_key(who: Talker, address: str = "") -> Talker:
    """The same person with a new key, and another address where one is given."""
    address = address or who.address
    return replace(who, address=address, key=MemberKey.generate(f"Somebody <{address}>"))


def sets(who: Talker, command: str = "key set") -> str:
    """What they are told who send their key and prove it."""
    question = who.asked(who.clear(entity(command, attached=who.key.certificate)))
    return who.answers(who.reply(question))


def leaves(who: Talker, store: Session) -> None:
    """Somebody is a member no more."""
    who.mlist.members.get_member(who.address).unsubscribe()
    store.commit()
    told()


@pytest.mark.parametrize("command", ["key set", "key change", "join"])
@pytest.mark.parametrize("again", [True, False])
def test_after_leaving(anne: Talker, store: Session, command: str, *, again: bool) -> None:
    """Who has left and comes again, with the same key or another one, is still suspended."""
    suspend(anne)
    leaves(anne, store)
    back = anne if again else with_another_key(anne)
    said = sets(back, command)
    assert not counts(back)
    if command != "key change" or again:
        assert _SENTENCE in said
    else:
        assert "a moderator decides" in said
    assert anne.mlist.members.get_member(anne.address) is None


def _long_after(anne: Talker, store: Session) -> None:
    from mailman_pgp.model import cleanup  # noqa: PLC0415 - core must be initialised
    from mailman_pgp.model.database import now  # noqa: PLC0415

    leaves(anne, store)
    cleanup.sweep(now() + dt.timedelta(days=4000))
    store.commit()


def _without_an_account(anne: Talker, store: Session) -> None:
    from mailman.interfaces.usermanager import IUserManager  # noqa: PLC0415 - core must be initialised
    from zope.component import getUtility  # noqa: PLC0415

    leaves(anne, store)
    manager = getUtility(IUserManager)
    manager.delete_address(manager.get_address(anne.address))
    store.commit()


@pytest.mark.parametrize("how", [_long_after, _without_an_account])
def test_by_waiting_or_without_a_trace(anne: Talker, store: Session, how: Callable[[Talker, Session], None]) -> None:
    """Neither time nor the end of an address in Mailman ends it."""
    suspend(anne)
    how(anne, store)
    for back in (anne, with_another_key(anne)):
        assert _SENTENCE in sets(back)
        assert not counts(back)


def test_by_another_address(anne: Talker, encrypted: Any, store: Session) -> None:
    """A membership that goes to another address of the same person takes it along."""
    from mailman.interfaces.usermanager import IUserManager  # noqa: PLC0415 - core must be initialised
    from zope.component import getUtility  # noqa: PLC0415

    suspend(anne)
    member = encrypted.members.get_member(anne.address)
    manager = getUtility(IUserManager)
    user = manager.get_user(anne.address) or manager.make_user(anne.address)
    other = user.register("Anne.Other@example.net")
    member._address = other
    store.commit()
    elsewhere = with_another_key(anne, "anne.other@example.net")
    assert _SENTENCE in sets(elsewhere)
    assert not counts(elsewhere)


def test_what_moderators_read(anne: Talker, olga: Talker) -> None:
    """Who is asked about another key in the place of a suspended one is told that it is, and what to accept means."""
    new = with_another_key(anne)
    for suspended in (False, True):
        if suspended:
            suspend(anne)
        question = new.asked(new.clear(entity("key change", attached=new.key.certificate)))
        (asked,) = olga.read(new.tell(new.reply(question)))
        assert ("An owner has suspended the key until now." in " ".join(text_of(asked).split())) is suspended


def test_back_to_the_suspended_key(anne: Talker) -> None:
    """Where owners have approved another key in its place, that one can't bring it back; nor can its removal."""
    from mailman_pgp.exchange import changing  # noqa: PLC0415 - core must be initialised
    from mailman_pgp.keys import registry  # noqa: PLC0415
    from mailman_pgp.keys.journal import Actor, Door  # noqa: PLC0415
    from mailman_pgp.model.database import commit  # noqa: PLC0415

    owner = Actor(Door.REST)
    suspend(anne)
    new = with_another_key(anne)
    approved = approve(new)
    question = anne.asked(new.command("key change", attached=anne.key.certificate))
    assert _SENTENCE in anne.answers(anne.reply(question))
    assert registry.signers(anne.mlist.list_id, anne.address) == [approved]
    changing.remove(anne.mlist, anne.address, owner)
    commit()
    told()
    assert _SENTENCE in sets(anne)
    # The owner's word about this very key.
    approve(anne)
    changing.remove(anne.mlist, anne.address, owner)
    commit()
    told()
    assert _SENTENCE not in sets(anne)
    assert counts(anne)


def test_suspended_key_without_the_new_one(anne: Talker, olga: Talker) -> None:
    """Nor are moderators asked whether it may take the place of the approved one again: only an owner could say so."""
    from mailman_pgp.keys import registry  # noqa: PLC0415 - core must be initialised

    suspend(anne)
    approved = approve(with_another_key(anne))
    question = anne.asked(anne.clear(entity("key change", attached=anne.key.certificate)))
    found = anne.tell(anne.reply(question))
    assert _SENTENCE in "\n".join(text_of(said) for said in anne.read(found))
    assert olga.read(found) == []
    assert registry.signers(anne.mlist.list_id, anne.address) == [approved]


@pytest.mark.parametrize("door", ["mail", "rest"])
def test_suspended_while_moderators_are_asked(
    anne: Talker, olga: Talker, encrypted: Any, store: Session, door: str
) -> None:
    """A key that an owner suspends meanwhile, for whomever, does not come to count by a moderator's word about it."""
    from mailman_pgp.conversation import key_changes  # noqa: PLC0415 - core must be initialised
    from mailman_pgp.conversation.matters import Decision  # noqa: PLC0415
    from mailman_pgp.exchange.refusals import Refusal  # noqa: PLC0415
    from mailman_pgp.keys import registry  # noqa: PLC0415
    from mailman_pgp.keys.journal import Actor, Door  # noqa: PLC0415

    new = with_another_key(anne)
    question = new.asked(new.clear(entity("key change", attached=new.key.certificate)))
    (asked,) = olga.read(new.tell(new.reply(question)))
    elsewhere = replace(new, address="anne.other@example.net")
    elsewhere.counts()
    suspend(elsewhere)
    if door == "mail":
        said = " ".join(olga.answers(olga.reply(asked, "accept")).split())
    else:
        (change,) = key_changes.waiting_at(encrypted)
        with pytest.raises(Refusal) as refused:
            key_changes.decide(encrypted, change.token, Decision.ACCEPT, Actor(Door.REST))
        said = str(refused.value)
    assert "have suspended this very key on this list, so nothing was changed" in said
    store.commit()
    assert len(key_changes.waiting_at(encrypted)) == 1
    current = registry.current(encrypted.list_id, anne.address)
    assert current is not None
    assert current.fingerprint == anne.key.fingerprint


def test_approved_at_another_address(anne: Talker) -> None:
    """An owner who lets the suspended key count for another address has let it count there again: its person can prove it."""
    from mailman_pgp.exchange import changing  # noqa: PLC0415 - core must be initialised
    from mailman_pgp.keys.journal import Actor, Door  # noqa: PLC0415

    forged = forge_usable(f"Anne <{anne.address}>")
    forged.user_id("Anne <anne.other@example.net>", usage=CERTIFY | SIGN)
    both = MemberKey(forged.secret)
    anne, elsewhere = replace(anne, key=both), replace(anne, key=both, address="anne.other@example.net")
    approve(anne)
    suspend(anne)
    changing.remove(anne.mlist, anne.address, Actor(Door.REST))
    assert _SENTENCE in sets(elsewhere)
    approve(elsewhere)
    assert "From now on this key counts" in sets(elsewhere)


def test_resumed_and_left(anne: Talker, store: Session) -> None:
    """Of a suspension that has ended nothing stays."""
    from mailman_pgp.exchange import changing  # noqa: PLC0415 - core must be initialised
    from mailman_pgp.keys import registry  # noqa: PLC0415
    from mailman_pgp.keys.journal import Actor, Door  # noqa: PLC0415

    suspend(anne)
    changing.resume(anne.mlist, anne.address, Actor(Door.REST))
    store.commit()
    leaves(anne, store)
    assert registry.history(anne.mlist.list_id, anne.address) == []
    sets(anne)
    assert counts(anne)


def test_at_the_moment_of_a_revocation(anne: Talker, monkeypatch: pytest.MonkeyPatch) -> None:
    """A suspension between the look at the key and the command's end is not overwritten by the command."""
    from mailman_pgp.conversation.commanded import Commanded  # noqa: PLC0415 - core must be initialised

    question = anne.asked(anne.command("key revoke"))
    # Suspended after that was looked at.
    monkeypatch.setattr(Commanded, "_still_counts", lambda _self, _asked: _suspend(anne))
    assert _SENTENCE in anne.answers(anne.reply(question))
    assert _SENTENCE in sets(with_another_key(anne))


def test_at_the_moment_of_a_moderators_word(
    anne: Talker, olga: Talker, core: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between a moderator's look at what counts and its replacement nobody suspends it, whose word would be lost."""
    from mailman_pgp.keys import registry  # noqa: PLC0415 - core must be initialised
    from mailman_pgp.model.tables import Choice  # noqa: PLC0415

    new = with_another_key(anne)
    question = new.asked(new.clear(entity("key change", attached=new.key.certificate)))
    (asked,) = olga.read(new.tell(new.reply(question)))
    answer, chosen, kept_out = olga.reply(asked, "accept"), registry.chosen, []
    with rival(core, sa.update(Choice).values(origin="rival").where(Choice.address == anne.address)) as suspends:

        def look(list_id: str, address: str) -> Any:
            found = chosen(list_id, address)
            kept_out.append(suspends())
            return found

        monkeypatch.setattr(registry, "chosen", look)
        assert "From now on this key counts" in olga.answers(answer)
    assert kept_out[:2] == [True, True], "Later ones are those of whoever tells of it."
