"""Leaving an encrypted list: by a proof, or after a protection where there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import falcon
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import Ants

ANNE, OLGA = "anne@example.org", "olga@example.org"
TOLD = "Somebody asked that you leave Ant"
CONFIRM = "Please confirm: leave Ant"
ASKED = f"{ANNE} is to leave Ant"


def with_delay(ants: Ants, days: int = 7) -> None:
    """Have the list let people without a proof leave after some days."""
    from mailman_pgp.lists import settings  # noqa: PLC0415 - core must be initialised
    from mailman_pgp.lists.encryption import settings_of  # noqa: PLC0415

    row = settings_of(ants.mlist.list_id)
    assert row is not None
    settings.change(row, {"lost_key_leave": "delay", "leave_delay_days": days})
    ants.store.commit()


def daily_work(ants: Ants) -> None:
    """What is done once a day."""
    from mailman_pgp.exchange.waiting import look_again_everywhere  # noqa: PLC0415 - core must be initialised

    look_again_everywhere()
    ants.store.expire_all()


def test_confirmed(ants: Ants, anne: str) -> None:
    """Who is confirmed by the door (an owner's removal, a command that was proved) leaves at once."""
    assert ants.leave(pre_confirmed=True) is None
    assert anne not in ants.members()


def test_confirmed_without_a_healthy_plugin(ants: Ants, anne: str) -> None:
    """An owner removes somebody also where no key can be looked at; nobody else does."""
    from mailman_pgp.site import health  # noqa: PLC0415 - core must be initialised
    from mailman_pgp.steps.encrypted import NotReadyError  # noqa: PLC0415

    health.fail("The key file is gone.", "Restore it.")
    with pytest.raises(NotReadyError):
        ants.leave()
    assert anne in ants.members()
    assert ants.leave(pre_confirmed=True) is None
    assert anne not in ants.members()


def test_confirmed_while_the_list_waits(ants: Ants, anne: str) -> None:
    """An owner removes somebody also while the list has no key that signs: whoever has given it away, say, goes first."""
    from mailman_pgp.keys import revoking  # noqa: PLC0415 - core must be initialised
    from mailman_pgp.openpgp import Reason  # noqa: PLC0415

    ants.mlist.send_goodbye_message = True
    revoking.revoke(revoking.key_of(ants.mlist.list_id, None), Reason.COMPROMISED, "")
    ants.store.commit()
    ants.mail()
    assert ants.leave(pre_confirmed=True) is None
    assert anne not in ants.members()
    assert list(ants.mail()) == [anne]


def test_a_moderator_protects(ants: Ants, anne: str) -> None:
    """Without a proof a moderator decides; the member is told in the clear and encrypted, and asked for the proof."""
    ants.leave()
    row = ants.waiting()
    assert (row.waits_for, row.reason) == ("moderator", "waits for a moderator: leaves without a proof")
    assert ants.mail() == {anne: [CONFIRM, TOLD, f"[{TOLD}]"], OLGA: [ASKED]}
    assert anne in ants.members()
    ants.accept()
    assert anne not in ants.members()


def test_a_lost_key(ants: Ants, anne: str) -> None:
    """Whose key does not count any more is told in the clear only."""
    from mailman_pgp.exchange import changing  # noqa: PLC0415 - core must be initialised
    from mailman_pgp.keys.journal import Actor, Door  # noqa: PLC0415

    changing.suspend(ants.mlist, anne, Actor(Door.COMMAND_LINE))
    ants.mail()
    ants.leave()
    assert ants.mail() == {anne: [f"[{TOLD}]"], OLGA: [ASKED]}


def test_a_moderator_decides_once(ants: Ants, anne: str) -> None:
    """Where the list's policy asks a moderator too, their one word is enough."""
    from mailman.interfaces.mailinglist import SubscriptionPolicy  # noqa: PLC0415 - core must be initialised

    ants.mlist.unsubscription_policy = SubscriptionPolicy.confirm_then_moderate
    ants.leave()
    ants.accept()
    assert anne not in ants.members()


def test_rejected(ants: Ants, anne: str) -> None:
    """A request that is discarded changes nothing, and another one can be made."""
    from mailman.interfaces.subscriptions import ISubscriptionManager  # noqa: PLC0415 - core must be initialised

    ISubscriptionManager(ants.mlist).discard(ants.leave())
    assert ants.all_waiting() == []
    assert anne in ants.members()
    assert ants.leave() is not None


def test_asked_twice(ants: Ants, anne: str) -> None:
    """Who asks again and again does not fill anybody's mailbox; a proof counts all the same."""
    from mailman_workflows import RefusedError  # noqa: PLC0415 - core must be initialised

    ants.leave()
    ants.mail()
    for _ in range(3):
        with pytest.raises(RefusedError, match=r"waits at ant@example\.com") as caught:
            ants.leave()
        assert caught.value.status == falcon.HTTP_400
    assert ants.mail() == {}
    assert ants.leave(pre_confirmed=True) is None
    assert anne not in ants.members()


def test_a_delay_protects(ants: Ants, anne: str, later: Callable[[float], None]) -> None:
    """They leave on the day that was told, by the daily work; not before, whoever accepts."""
    from mailman_workflows import NotYetError  # noqa: PLC0415 - core must be initialised

    with_delay(ants)
    ants.leave()
    row = ants.waiting()
    assert row.waits_for == "outside"
    assert row.reason.startswith("leaves on 20")
    assert row.reason.endswith(" unless somebody objects")
    assert round((row.expires - row.since).total_seconds() / 86400) == 14
    ((_, message), *_) = [found for found in ants.encrypted_mail() if found[0] == OLGA]
    day = row.reason.split()[2]
    assert f"They leave on {day} unless somebody objects" in message.get_body(("plain",)).get_content()
    for days in (0, 6.9):
        later(days)
        with pytest.raises(NotYetError, match=f"leaves on {day}") as caught:
            ants.accept()
        assert caught.value.status == falcon.HTTP_409
        daily_work(ants)
        assert anne in ants.members()
    later(7.1)
    daily_work(ants)
    assert anne not in ants.members()
    assert ants.all_waiting() == []


def test_a_change_of_the_key_is_no_consent(ants: Ants, anne: str) -> None:
    """Other requests of the person that look again take nobody off the list before the day."""
    with_delay(ants)
    ants.leave()
    ants.add_key(anne, proved=True)
    assert anne in ants.members()
    assert len(ants.all_waiting()) == 1


def test_objected(ants: Ants, anne: str, later: Callable[[float], None]) -> None:
    """Whose request was discarded stays, also on the day."""
    from mailman.interfaces.subscriptions import ISubscriptionManager  # noqa: PLC0415 - core must be initialised

    with_delay(ants)
    ISubscriptionManager(ants.mlist).discard(ants.leave())
    ants.store.commit()
    later(8)
    daily_work(ants)
    assert anne in ants.members()


def test_the_delay_that_was_told_counts(ants: Ants, anne: str, later: Callable[[float], None]) -> None:
    """A list that changes its settings meanwhile shortens nobody's time."""
    with_delay(ants, 30)
    ants.leave()
    with_delay(ants, 1)
    later(2)
    daily_work(ants)
    assert anne in ants.members()


@pytest.mark.parametrize("protection", ["moderator", "delay"])
def test_a_proof_meanwhile(ants: Ants, anne: str, protection: str) -> None:
    """Whoever proves that it is them leaves without a moderator and before the day; only by the proof for this request."""
    from mailman_pgp.exchange import evidence  # noqa: PLC0415 - core must be initialised

    if protection == "delay":
        with_delay(ants)
    token = ants.leave()
    assert token is not None
    with evidence.proved(token):
        ants.accept(token)
    assert anne not in ants.members()


def test_a_proof_for_something_else(ants: Ants, anne: str) -> None:
    """The proof for one request is none for another one."""
    from mailman_pgp.exchange import evidence  # noqa: PLC0415 - core must be initialised
    from mailman_workflows import NotYetError  # noqa: PLC0415

    with_delay(ants)
    token = ants.leave()
    with evidence.proved("another"), pytest.raises(NotYetError):
        ants.accept(token)
    assert not evidence.carries(token)
    assert anne in ants.members()


def test_gone_meanwhile(ants: Ants, anne: str, later: Callable[[float], None]) -> None:
    """Who has left by another door is no member on the day either, and the request is over."""
    with_delay(ants)
    ants.leave()
    ants.mlist.members.get_member(anne).unsubscribe()
    ants.store.commit()
    later(8)
    daily_work(ants)
    assert ants.all_waiting() == []


def test_another_address_meanwhile(ants: Ants, anne: str) -> None:
    """The membership ends that the moderators were asked about, also where its user prefers another address by now."""
    from mailman.interfaces.usermanager import IUserManager  # noqa: PLC0415 - core must be initialised
    from zope.component import getUtility  # noqa: PLC0415

    user = getUtility(IUserManager).get_user(anne)
    user.preferred_address = ants.person(anne)
    ants.mlist.members.get_member(anne).unsubscribe()
    ants.mlist.subscribe(user)
    ants.leave()
    other = ants.person("anne@example.net", verified=True)
    user.link(other)
    user.preferred_address = other
    ants.store.commit()
    assert ants.members() == {other.email}
    ants.accept()
    assert ants.members() == set()
    assert ants.all_waiting() == []


@pytest.mark.parametrize("protection", ["moderator", "delay"])
def test_joined_again_meanwhile(ants: Ants, anne: str, protection: str, later: Callable[[float], None]) -> None:
    """A request to leave ends with the membership: who has left by their key and joined anew stays, and can ask again."""
    if protection == "delay":
        with_delay(ants)
    old = ants.leave()
    assert ants.leave(pre_confirmed=True) is None
    assert ants.all_waiting() == []
    with pytest.raises(LookupError):
        ants.accept(old)
    ants.add_key(anne)
    ants.ask(pre_verified=True, pre_confirmed=True, pre_approved=True)
    later(8)
    daily_work(ants)
    assert anne in ants.members()
    assert ants.leave() is not None


def test_goodbye(ants: Ants, anne: str, tmp_path: Path) -> None:
    """Who leaves is told so by the key that has counted until then: by our text, or by the one that the list has set."""
    from mailman.interfaces.template import ITemplateManager  # noqa: PLC0415 - core must be initialised
    from zope.component import getUtility  # noqa: PLC0415

    ants.mlist.send_goodbye_message = True
    key = ants.keys[anne]
    for text in ("", "Farewell, $user_email."):
        path = tmp_path / "goodbye.txt"
        path.write_text(text)
        getUtility(ITemplateManager).set("list:user:notice:goodbye", ants.mlist.list_id, path.as_uri())
        ants.leave(pre_confirmed=True)
        ((recipient, message),) = ants.encrypted_mail()
        assert (recipient, message["subject"]) == (anne, "You are no member of Ant any more")
        said = message.get_body(("plain",)).get_content().strip()
        assert (
            said == f"Farewell, {anne}." if text else said.startswith("You are no member of the encrypted mailing list")
        )
        assert ants.mail() == {}
        ants.add_key(anne, key=key)
        ants.ask(pre_verified=True, pre_confirmed=True, pre_approved=True)


def test_no_goodbye(ants: Ants, anne: str) -> None:
    """Nor where the list wants none; and where no key counts, in the clear, without what the list would say."""
    from mailman_pgp.exchange import changing  # noqa: PLC0415 - core must be initialised
    from mailman_pgp.keys.journal import Actor, Door  # noqa: PLC0415

    ants.leave(pre_confirmed=True)
    assert ants.mail() == {}
    ants.add_key(anne)
    ants.ask(pre_verified=True, pre_confirmed=True, pre_approved=True)
    changing.suspend(ants.mlist, anne, Actor(Door.COMMAND_LINE))
    ants.mail()
    ants.mlist.send_goodbye_message = True
    ants.leave(pre_confirmed=True)
    assert ants.mail() == {anne: ["[You are no member of Ant any more]"]}


def test_one_that_fails(
    ants: Ants,
    anne: str,
    later: Callable[[float], None],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The daily work lets the others leave whose day has come; the log has what was raised, and not its text."""
    from mailman_workflows.manager import SubscriptionManager  # noqa: PLC0415 - core must be initialised

    bart = "bart@example.com"
    ants.add_key(bart)
    ants.ask(bart, pre_verified=True, pre_confirmed=True, pre_approved=True)
    with_delay(ants)
    bad = ants.leave(anne)
    ants.leave(bart)
    confirm = SubscriptionManager.confirm

    def fail(self: Any, token: str | None = None, **more: Any) -> Any:
        if token == bad:
            raise RuntimeError("canary")
        return confirm(self, token, **more)

    monkeypatch.setattr(SubscriptionManager, "confirm", fail)
    later(8)
    daily_work(ants)
    assert ants.members() == {anne}
    assert "RuntimeError was raised at" in caplog.text
    assert "canary" not in caplog.text
