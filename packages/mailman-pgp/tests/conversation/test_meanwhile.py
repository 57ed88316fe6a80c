"""What happens between a question and its answer."""

from __future__ import annotations

import datetime as dt
import email
import traceback
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from keys import forge_usable, now
from sqlalchemy import select, update
from talkers import Talker, entity, templates, text_of
from told import told

from mailman_pgp.openpgp.memberkeys import MemberKey
from mailman_plugin_kit.failures import FailedError
from mailman_workflows.model.tables import Question

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


def test_rotated_list_key(anne: Talker, encrypted: Any, store: Session) -> None:
    """An answer that was encrypted to the list's key of before is one."""
    from mailman_pgp import openpgp  # noqa: PLC0415 - core must be initialised
    from mailman_pgp.keys import succession  # noqa: PLC0415

    answer = anne.reply(anne.asked(anne.command("leave")))
    succession.succeed(encrypted.list_id, openpgp.generate("Ant", [encrypted.posting_address]))
    store.commit()
    anne.tell(answer)
    assert encrypted.members.get_member(anne.address) is None


def test_too_late(anne: Talker, encrypted: Any, store: Session) -> None:
    """An answer after the time is over finds no question."""
    question = anne.asked(anne.command("leave"))
    store.execute(update(Question).values(expires=dt.datetime(2020, 1, 1)))  # noqa: DTZ001 - as the database keeps it
    store.commit()
    assert templates(anne.tell(anne.reply(question))) == ["code-unknown"]
    assert encrypted.members.get_member(anne.address) is not None


@pytest.mark.parametrize("days", [-400, 400])
def test_clock_that_is_wrong(anne: Talker, encrypted: Any, monkeypatch: pytest.MonkeyPatch, days: int) -> None:
    """A clock that was set back or ahead between the two lets nothing be done twice."""
    from mailman_pgp.posts import replay  # noqa: PLC0415 - core must be initialised

    question = anne.asked(anne.command("echo"))
    answer = anne.reply(question)
    wrong = dt.datetime.now(dt.UTC).replace(tzinfo=None) + dt.timedelta(days=days)
    answers = []
    for clock in (wrong, None, wrong, None):
        with monkeypatch.context() as patch:
            if clock is not None:
                patch.setattr(replay, "now", lambda: wrong)
            answers.append(anne.answers(answer))
    assert sum("you read this" in text for text in answers) == 1
    assert encrypted.members.get_member(anne.address) is not None


def test_suspended(anne: Talker, encrypted: Any, store: Session) -> None:
    """Who is suspended commands nothing: neither anew, nor by the answer to what was asked before."""
    from mailman_pgp.exchange import changing  # noqa: PLC0415 - core must be initialised
    from mailman_pgp.keys.journal import Actor, Door  # noqa: PLC0415

    question = anne.asked(anne.command("leave"))
    changing.suspend(encrypted, anne.address, Actor(Door.REST))
    store.commit()
    told()
    assert templates(anne.tell(anne.reply(question))) == ["reply-refused"]
    for command in ("who", "key show", "stay", "key revoke"):
        assert templates(anne.tell(anne.command(command))) == ["needs-signature"]
    for command in ("key set", "key change"):
        again = anne.asked(anne.command(command, attached=anne.key.certificate))
        anne.tell(anne.reply(again))
        assert not _counts(encrypted, anne.address)


def _counts(mlist: Any, address: str) -> bool:
    from mailman_pgp.keys import registry  # noqa: PLC0415 - core must be initialised

    return registry.current(mlist.list_id, address) is not None


def test_failure(anne: Talker, encrypted: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Over a mail in the clear nothing may be left in a queue: it is refused; one that is encrypted is kept as it came."""
    from mailman.email.message import Message  # noqa: PLC0415 - core must be initialised

    from mailman_pgp.conversation import conversing  # noqa: PLC0415
    from mailman_pgp.runners.command import CommandRunner  # noqa: PLC0415

    def fail(*_: object) -> None:
        raise RuntimeError("The kestrel " + "flies at noon.")

    monkeypatch.setattr(conversing, "read_letter", fail)
    runner = CommandRunner("command")

    def dispose(mail: bytes) -> None:
        message = email.message_from_bytes(mail, Message)
        message.original_size = len(mail)
        runner._dispose(encrypted, message, {"subaddress": "request"})

    dispose(anne.clear(entity("join", attached=anne.key.secret)))
    (answer,) = told()
    assert "failed over your message" in " ".join(answer.text.split())
    # Core writes the text of what is raised into its log.
    with pytest.raises(FailedError) as failed:
        dispose(anne.command("who"))
    assert "RuntimeError was raised at" in str(failed.value)
    assert "kestrel flies" not in "".join(traceback.format_exception(failed.value))
    assert told() == []


def test_command_that_fails(anne: Talker, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """No log has the words over which an action has failed; its question is open still."""
    from mailman_pgp.conversation.commanded import Commanded  # noqa: PLC0415 - core must be initialised
    from mailman_workflows.errors import ActionFailedError  # noqa: PLC0415

    question = anne.asked(anne.command("echo"))

    def fail(*_: object) -> None:
        raise RuntimeError("The kestrel " + "flies at noon.")

    with monkeypatch.context() as patch:
        patch.setattr(Commanded, "run", fail)
        with pytest.raises(ActionFailedError) as failed:
            anne.tell(anne.reply(question))
    assert "RuntimeError was raised at" in caplog.text
    assert "kestrel flies" not in caplog.text + "".join(traceback.format_exception(failed.value))
    assert "you read this" in anne.answers(anne.reply(question))


def test_signed_join_while_a_request_waits(encrypted: Any, store: Session) -> None:
    """Who asked in the web, and has lost the question that came, goes on by a signed `join` of their own."""
    from mailman.interfaces.subscriptions import ISubscriptionManager  # noqa: PLC0415 - core must be initialised
    from mailman.interfaces.usermanager import IUserManager  # noqa: PLC0415
    from zope.component import getUtility  # noqa: PLC0415

    nora = Talker.make("nora@example.net", encrypted)
    nora.counts()
    ISubscriptionManager(encrypted).register(getUtility(IUserManager).create_address(nora.address))
    store.commit()
    told()
    answer = nora.answers(nora.reply(nora.asked(nora.command("join"))))
    assert "Your request is done: you are a member." in answer
    assert encrypted.members.get_member(nora.address) is not None


@pytest.mark.parametrize("protection", ["moderator", "delay"])
def test_no_to_leaving(anne: Talker, encrypted: Any, store: Session, protection: str) -> None:
    """Who answers no when they are asked whether they want to leave has objected: the request is over, and they stay."""
    from mailman_pgp.lists import settings  # noqa: PLC0415 - core must be initialised
    from mailman_pgp.lists.encryption import settings_of  # noqa: PLC0415
    from mailman_workflows import saved  # noqa: PLC0415

    settings.change(settings_of(encrypted.list_id), {"lost_key_leave": protection})
    store.commit()
    (question,) = [said for said in anne.read(anne.tell(anne.clear(entity("leave")))) if "Please" in said["subject"]]
    assert len(saved.all_at(encrypted)) == 1
    assert templates(anne.tell(anne.reply(question, "no"))) == ["forgotten"]
    assert saved.all_at(encrypted) == []
    assert encrypted.members.get_member(anne.address) is not None


def test_stays_by_another_address(anne: Talker, encrypted: Any, store: Session) -> None:
    """Whose membership went to another address of theirs objects from there to what was asked about it before."""
    from mailman.interfaces.usermanager import IUserManager  # noqa: PLC0415 - core must be initialised
    from zope.component import getUtility  # noqa: PLC0415

    from mailman_workflows import saved  # noqa: PLC0415

    nils = Talker.make("nils@example.net", encrypted)
    nils.counts()
    encrypted.subscribe(getUtility(IUserManager).create_address(nils.address))
    store.commit()
    for leaving in (anne, nils):
        leaving.tell(leaving.clear(entity("leave")))
    elsewhere = Talker.make("anne.other@example.net", encrypted)
    elsewhere.counts()
    member = encrypted.members.get_member(anne.address)
    user = getUtility(IUserManager).get_user(anne.address) or getUtility(IUserManager).make_user(anne.address)
    member._address = user.register(elsewhere.address)
    store.commit()
    assert "You stay." in elsewhere.answers(elsewhere.reply(elsewhere.asked(elsewhere.command("stay"))))
    assert [row.email for row in saved.all_at(encrypted)] == [nils.address]


def test_silence_is_no_objection(anne: Talker, encrypted: Any, store: Session) -> None:
    """Who did not ask to leave reads that they have to say so, and can, as long as the request waits."""
    from mailman_pgp.lists import settings  # noqa: PLC0415 - core must be initialised
    from mailman_pgp.lists.encryption import settings_of  # noqa: PLC0415
    from mailman_workflows import saved  # noqa: PLC0415

    settings.change(settings_of(encrypted.list_id), {"lost_key_leave": "delay", "leave_delay_days": 60})
    store.commit()
    (asked,) = [said for said in anne.read(anne.tell(anne.clear(entity("leave")))) if "Please" in said["subject"]]
    said = " ".join(text_of(asked).split())
    assert "If you want to stay, reply in the same way with the word `no`." in said
    assert "forgotten" not in said
    (request,), (question,) = saved.all_at(encrypted), store.scalars(select(Question))
    assert question.expires >= request.expires - dt.timedelta(minutes=1)


@pytest.mark.parametrize("how", ["suspended", "changed", "revoked"])
def test_no_by_a_key_of_before(anne: Talker, encrypted: Any, store: Session, how: str) -> None:
    """Whoever has the key that counted when the question was asked, and counts no more, keeps nobody on the list by its code."""
    from mailman_pgp import openpgp  # noqa: PLC0415 - core must be initialised
    from mailman_pgp.exchange import changing  # noqa: PLC0415
    from mailman_pgp.keys.journal import Actor, Door  # noqa: PLC0415
    from mailman_pgp.keys.registry import ChoiceState  # noqa: PLC0415
    from mailman_workflows import saved  # noqa: PLC0415

    owner = Actor(Door.REST)
    forged = forge_usable(f"Anne <{anne.address}>")
    anne = replace(anne, key=MemberKey(forged.secret))
    certificate = openpgp.inspect(forged.public)
    changing.let_count(encrypted, anne.address, certificate, ChoiceState.APPROVED, owner)
    store.commit()
    told()
    (question,) = [said for said in anne.read(anne.tell(anne.clear(entity("leave")))) if "Please" in said["subject"]]
    answer = anne.reply(question, "no", sign=False)
    match how:
        case "suspended":
            changing.suspend(encrypted, anne.address, owner)
        case "changed":
            other = openpgp.inspect(MemberKey.generate(f"Anne <{anne.address}>").certificate)
            changing.let_count(encrypted, anne.address, other, ChoiceState.APPROVED, owner)
        case _:
            forged.revoke(at=now() - 10)
            changing.learn(openpgp.inspect(forged.public), owner, encrypted)
    store.commit()
    told()
    (spoken,) = anne.tell(answer)
    assert spoken.template == "reply-refused"
    assert "counts for you no more" in " ".join(spoken.text.split())
    assert len(saved.all_at(encrypted)) == 1


def test_no_to_joining(anne: Talker, encrypted: Any, store: Session) -> None:
    """Who answers no when they are asked whether they want to join ends their own request, and nobody else's."""
    from mailman.interfaces.subscriptions import ISubscriptionManager  # noqa: PLC0415 - core must be initialised
    from mailman.interfaces.usermanager import IUserManager  # noqa: PLC0415
    from zope.component import getUtility  # noqa: PLC0415

    from mailman_workflows import saved  # noqa: PLC0415

    nora, nils = (Talker.make(f"{name}@example.net", encrypted) for name in ("nora", "nils"))
    for talker in (nora, nils):
        talker.counts()
        ISubscriptionManager(encrypted).register(getUtility(IUserManager).create_address(talker.address))
    store.commit()
    (question,) = nora.read(told())
    assert anne
    nora.tell(nora.reply(question, "no"))
    assert [row.email for row in saved.all_at(encrypted)] == [nils.address]


@pytest.mark.parametrize("spoilt", ["seen", "too old"])
def test_question_from_the_web_is_spoilt(encrypted: Any, store: Session, spoilt: str) -> None:
    """Whoever has sent no command reads what to do when their code counts no more; and that does it."""
    from mailman.interfaces.subscriptions import ISubscriptionManager  # noqa: PLC0415 - core must be initialised
    from mailman.interfaces.usermanager import IUserManager  # noqa: PLC0415
    from zope.component import getUtility  # noqa: PLC0415

    nora = Talker.make("nora@example.net", encrypted)
    nora.counts()
    ISubscriptionManager(encrypted).register(getUtility(IUserManager).create_address(nora.address))
    store.commit()
    (question,) = nora.read(told())
    if spoilt == "too old":
        store.execute(update(Question).values(expires=dt.datetime(2020, 1, 1)))  # noqa: DTZ001 - as the database keeps it
        store.commit()
        answer = nora.reply(question)
    else:
        answer = nora.signed(nora.protected(f"yes\n\n{text_of(question)}"))
    (spoken,) = nora.tell(answer)
    assert spoken.template == ("code-seen" if spoilt == "seen" else "code-unknown")
    assert "send `join` or `leave` to ant-request@example.com" in " ".join(spoken.text.split())
    nora.tell(nora.reply(nora.asked(nora.command("join"))))
    assert encrypted.members.get_member(nora.address) is not None


def test_question_lives_as_long_as_the_request(encrypted: Any, store: Session) -> None:
    """A request that waits for a proof can be answered as long as it waits."""
    from mailman.interfaces.subscriptions import ISubscriptionManager  # noqa: PLC0415 - core must be initialised
    from mailman.interfaces.usermanager import IUserManager  # noqa: PLC0415
    from zope.component import getUtility  # noqa: PLC0415

    from mailman_workflows import saved  # noqa: PLC0415

    nora = Talker.make("nora@example.net", encrypted)
    nora.counts()
    ISubscriptionManager(encrypted).register(getUtility(IUserManager).create_address(nora.address))
    store.commit()
    (request,) = saved.all_at(encrypted)
    (question,) = store.scalars(select(Question))
    assert question.expires >= request.expires - dt.timedelta(minutes=1)
