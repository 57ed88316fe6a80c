"""A key that waits for a moderator is decided about once, whichever door the word comes by, and as it was shown to them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from talkers import Talker, code_in, entity, templates, text_of
from told import told

from mailman_pgp.openpgp.memberkeys import MemberKey

if TYPE_CHECKING:
    from email.message import EmailMessage

    from mailman_pgp.conversation.key_changes import KeyChange


def asks(person: Talker) -> tuple[MemberKey, list[Any]]:
    """Somebody asks by mail for another key, which the old one has not signed; the new key, and what is on its way then."""
    new = MemberKey.generate(f"Somebody <{person.address}>")
    asked = person.asked(person.clear(entity("key change", attached=new.certificate)), by=new)
    return new, person.tell(person.reply(asked, by=new))


def waiting(mlist: Any) -> list[KeyChange]:
    """What waits."""
    from mailman_pgp.conversation import key_changes  # noqa: PLC0415 - core must be initialised

    return key_changes.waiting_at(mlist)


def decide(mlist: Any, token: str, word: str) -> None:
    """An owner decides on the command line."""
    from mailman_pgp.conversation import key_changes  # noqa: PLC0415 - core must be initialised
    from mailman_pgp.conversation.matters import Decision  # noqa: PLC0415
    from mailman_pgp.keys.journal import Actor, Door  # noqa: PLC0415
    from mailman_pgp.model.database import commit  # noqa: PLC0415

    key_changes.decide(mlist, token, Decision(word), Actor(Door.COMMAND_LINE))
    commit()


def counting(person: Talker) -> str:
    """The fingerprint of what counts for somebody."""
    from mailman_pgp.keys import registry  # noqa: PLC0415 - core must be initialised

    found = registry.current(person.mlist.list_id, person.address)
    return "" if found is None else found.fingerprint


def question_in(found: list[Any], moderator: Talker) -> EmailMessage:
    """The one question to a moderator."""
    (question,) = [said for said in moderator.read(found) if "Another key of" in str(said["subject"])]
    return question


@pytest.mark.usefixtures("olga")
def test_waits(encrypted: Any, anne: Talker) -> None:
    """It is seen with both keys until it was decided about."""
    new, _ = asks(anne)
    (change,) = waiting(encrypted)
    assert (change.address, change.certificate.fingerprint) == (anne.address, new.fingerprint)
    assert change.earlier == change.counting == anne.key.fingerprint
    assert not change.outdated
    assert change.problem is None
    decide(encrypted, change.token, "accept")
    assert waiting(encrypted) == []
    assert counting(anne) == new.fingerprint


def test_nobody_to_ask(encrypted: Any, anne: Talker, members: Any) -> None:
    """Where no moderator can be written to, it waits all the same, and can be decided about."""
    members.add(encrypted, "otto@example.net", role="owner")
    told()
    new, found = asks(anne)
    assert [one.template for one in found if one.recipient == "otto@example.net"] == ["waiting"]
    (change,) = waiting(encrypted)
    decide(encrypted, change.token, "accept")
    assert counting(anne) == new.fingerprint


def test_notices_switched_off(encrypted: Any, anne: Talker, olga: Talker) -> None:
    """As the list's `admin_immed_notify` says, moderators are not written to; the key waits."""
    encrypted.admin_immed_notify = False
    _, found = asks(anne)
    assert [one for one in found if one.recipient == olga.address] == []
    assert len(waiting(encrypted)) == 1


@pytest.mark.parametrize("notices", [True, False])
def test_seen_by_others(encrypted: Any, anne: Talker, olga: Talker, *, notices: bool) -> None:
    """A moderator who answers in the clear has spoilt the code, and not lost the key, which waits in the question alone."""
    _, found = asks(anne)
    question = question_in(found, olga)
    encrypted.admin_immed_notify = notices
    quoted = "".join(f"> {line}\n" for line in text_of(question).splitlines())
    found = olga.tell(olga.signed(olga.protected(f"accept\n\n{quoted}")))
    assert "code-seen" in templates(found)
    assert counting(anne) == anne.key.fingerprint
    (change,) = waiting(encrypted)
    assert templates(olga.tell(olga.reply(question, "accept"))) == ["code-unknown"]
    assert counting(anne) == anne.key.fingerprint
    if notices:
        anew = question_in(found, olga)
        assert code_in(anew) != code_in(question)
        assert [part.get_filename() for part in anew.iter_attachments()] == [
            part.get_filename() for part in question.iter_attachments()
        ]
        olga.tell(olga.reply(anew, "accept"))
    else:
        assert olga.read(found) == []
        decide(encrypted, change.token, "accept")
    assert counting(anne) == change.certificate.fingerprint
    assert waiting(encrypted) == []


def test_decided_elsewhere(encrypted: Any, anne: Talker, olga: Talker) -> None:
    """Whoever is first decides: a moderator's reply after another door's word changes nothing, and the other way round."""
    from mailman_pgp.exchange.refusals import Refusal  # noqa: PLC0415 - core must be initialised

    _, found = asks(anne)
    question = question_in(found, olga)
    (change,) = waiting(encrypted)
    decide(encrypted, change.token, "reject")
    assert [(one.recipient, one.template) for one in told()] == [(anne.address, "key-rejected")]
    assert templates(olga.tell(olga.reply(question, "accept"))) == ["code-unknown"]
    assert counting(anne) == anne.key.fingerprint

    _, found = asks(anne)
    (change,) = waiting(encrypted)
    olga.tell(olga.reply(question_in(found, olga), "accept"))
    with pytest.raises(Refusal, match="somebody has decided"):
        decide(encrypted, change.token, "reject")
    assert counting(anne) == change.certificate.fingerprint


def test_decided_at_the_same_moment(
    encrypted: Any, anne: Talker, olga: Talker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of two who have both found it waiting, one decides, and the other learns that it is done."""
    from mailman_pgp.conversation import key_changes  # noqa: PLC0415 - core must be initialised
    from mailman_pgp.exchange.refusals import Refusal  # noqa: PLC0415

    _, found = asks(anne)
    question, (change,), find = question_in(found, olga), waiting(encrypted), key_changes.find

    def and_meanwhile(*where: Any) -> KeyChange:
        seen = find(*where)
        olga.tell(olga.reply(question, "discard"))
        return seen

    monkeypatch.setattr(key_changes, "find", and_meanwhile)
    with pytest.raises(Refusal, match="somebody has decided"):
        decide(encrypted, change.token, "accept")
    assert counting(anne) == anne.key.fingerprint


@pytest.mark.usefixtures("olga")
@pytest.mark.parametrize("done", ["suspend", "remove", "replace"])
def test_changed_since(encrypted: Any, anne: Talker, done: str) -> None:
    """Where an owner has changed what counts since a moderator was asked, the old question changes nothing of that."""
    from mailman_pgp import openpgp  # noqa: PLC0415 - core must be initialised
    from mailman_pgp.exchange import changing  # noqa: PLC0415
    from mailman_pgp.exchange.refusals import Refusal  # noqa: PLC0415
    from mailman_pgp.keys.journal import Actor, Door  # noqa: PLC0415
    from mailman_pgp.keys.registry import ChoiceState  # noqa: PLC0415
    from mailman_pgp.model.database import commit  # noqa: PLC0415

    asks(anne)
    owner = Actor(Door.COMMAND_LINE)
    match done:
        case "suspend":
            changing.suspend(encrypted, anne.address, owner)
        case "remove":
            changing.remove(encrypted, anne.address, owner)
        case "replace":
            another = openpgp.inspect(MemberKey.generate(f"Anne <{anne.address}>").certificate)
            changing.let_count(encrypted, anne.address, another, ChoiceState.APPROVED, owner)
    commit()
    told()
    before = counting(anne)
    (change,) = waiting(encrypted)
    assert change.outdated
    with pytest.raises(Refusal, match="is not the one any more that you were shown"):
        decide(encrypted, change.token, "accept")
    assert counting(anne) == before
    assert [again.token for again in waiting(encrypted)] == [change.token]
    decide(encrypted, change.token, "reject")
    assert waiting(encrypted) == []


@pytest.mark.usefixtures("olga")
def test_encrypted_anew(encrypted: Any, anne: Talker) -> None:
    """What was asked before the list was a plain one for a while is over."""
    from mailman_pgp.lists import encryption  # noqa: PLC0415 - core must be initialised
    from mailman_pgp.model.database import commit  # noqa: PLC0415

    asks(anne)
    encryption.disable(encrypted)
    commit()
    assert waiting(encrypted) == []
    encryption.enable(encrypted)
    commit()
    assert waiting(encrypted) == []


def test_what_has_waited_for_it(encrypted: Any, olga: Talker) -> None:
    """Whose request to join waits for a key that can be used goes on when a moderator has accepted one by mail."""
    from mailman.interfaces.subscriptions import ISubscriptionManager  # noqa: PLC0415 - core must be initialised
    from mailman.interfaces.usermanager import IUserManager  # noqa: PLC0415
    from zope.component import getUtility  # noqa: PLC0415

    from mailman_pgp.model.database import commit  # noqa: PLC0415
    from mailman_workflows import saved  # noqa: PLC0415

    nora = Talker.make("nora@example.net", encrypted)
    revoked = forged_and_revoked(nora.address)
    Talker(nora.address, encrypted, revoked).counts()
    ISubscriptionManager(encrypted).register(getUtility(IUserManager).create_address(nora.address))
    commit()
    told()
    assert [row.reason for row in saved.all_at(encrypted)] == ["waits for a key"]
    new, found = asks(nora)
    found = olga.tell(olga.reply(question_in(found, olga), "accept"))
    assert [str(said["subject"]) for said in nora.read(found, by=new)] == ["Please confirm: join Ant"]


def forged_and_revoked(address: str) -> MemberKey:
    """A key that its person has revoked."""
    from keys import forge_usable, now  # noqa: PLC0415

    forged = forge_usable(f"Somebody <{address}>")
    forged.revoke(at=now() - 10)
    return MemberKey(forged.secret)
