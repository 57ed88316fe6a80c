"""What changes while somebody waits to join: nobody gets in by a key that no moderator has seen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from keys import forge_usable, now
from rivals import rival

from mailman_pgp import openpgp
from mailman_pgp.openpgp import grouped
from mailman_pgp.openpgp.memberkeys import MemberKey

if TYPE_CHECKING:
    from conftest import Ants
    from sqlalchemy.orm import Session

ANNE, OLGA = "anne@example.org", "olga@example.org"
ASKS = f"{ANNE} asks to join Ant"


def _remove(ants: Ants) -> None:
    from mailman_pgp.exchange import changing  # noqa: PLC0415 - core must be initialised
    from mailman_pgp.keys.journal import Actor, Door  # noqa: PLC0415

    changing.remove(ants.mlist, ANNE, Actor(Door.COMMAND_LINE))


def _suspend(ants: Ants) -> None:
    from mailman_pgp.exchange import changing  # noqa: PLC0415 - core must be initialised
    from mailman_pgp.keys.journal import Actor, Door  # noqa: PLC0415

    changing.suspend(ants.mlist, ANNE, Actor(Door.COMMAND_LINE))


def _revoke(ants: Ants) -> None:
    from mailman_pgp.exchange import changing  # noqa: PLC0415 - core must be initialised
    from mailman_pgp.keys.journal import Actor, Door  # noqa: PLC0415

    REVOCABLE.revoke(at=now())
    changing.learn(openpgp.inspect(REVOCABLE.public), Actor(Door.COMMAND_LINE), ants.mlist)


REVOCABLE: Any = None


@pytest.mark.parametrize(
    ("how", "sentence"),
    [(_remove, "no certificate"), (_suspend, "suspended"), (_revoke, "revoked")],
    ids=["removed", "suspended", "revoked"],
)
def test_the_key_is_gone_between_notice_and_acceptance(
    ants: Ants, how: Any, sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Accepting is refused with the reason, and loses nothing; with a key again, a moderator sees that one first."""
    made = forge_usable(f"<{ANNE}>")
    monkeypatch.setitem(globals(), "REVOCABLE", made)
    ants.ask()
    ants.add_key(proved=True, key=MemberKey(made.secret))
    ants.mail()
    how(ants)
    ants.store.commit()
    ants.not_yet(sentence)
    if how is _suspend:
        _remove(ants)
    ants.add_key(proved=True)
    ants.mail()
    ants.asked_again()
    assert ants.state() == ("moderator", "waits for a moderator")
    assert ants.mail() == {OLGA: [ASKS]}
    ants.accept()
    assert ants.members() == {ANNE}


def test_the_key_is_changed_between_notice_and_acceptance(ants: Ants) -> None:
    """Whoever accepts has seen another key, and learns it: the moderators are asked again, and see the one that counts."""
    from mailman.interfaces.pending import IPendings  # noqa: PLC0415 - core must be initialised
    from zope.component import getUtility  # noqa: PLC0415

    ants.ask()
    ants.add_key(proved=True)
    new = ants.add_key(proved=True)
    ants.mail()
    ants.asked_again()
    assert ants.members() == set()
    assert getUtility(IPendings).confirm(ants.waiting().token, expunge=False)["fingerprint"] == new.fingerprint
    ((_, message),) = ants.encrypted_mail()
    assert grouped(new.fingerprint) in message.get_body(("plain",)).get_content()
    ants.accept()
    assert ants.members() == {ANNE}
    assert ants.acts()[-1] == "approved"


def test_the_key_is_changed_at_the_moment_of_acceptance(ants: Ants, core: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody puts another key in the place of the one that a moderator has seen, so that it is approved unseen."""
    from mailman_pgp.model.tables import Choice  # noqa: PLC0415 - core must be initialised
    from mailman_pgp.steps import moderation  # noqa: PLC0415

    ants.add_key(proved=True)
    ants.ask(pre_verified=True, pre_confirmed=True)
    counting, kept_out = moderation.counting, []
    with rival(core, sa.update(Choice).values(until=Choice.since)) as changes:

        def look(list_id: str, address: str) -> Any:
            found = counting(list_id, address)
            kept_out.append(changes())
            return found

        monkeypatch.setattr(moderation, "counting", look)
        ants.accept()
    assert kept_out == [True]
    assert ants.members() == {ANNE}


def test_banned_meanwhile(ants: Ants) -> None:
    """Who is banned while a moderator thinks does not get in, and the answer says why; no key is approved."""
    from mailman.interfaces.bans import IBanManager  # noqa: PLC0415 - core must be initialised

    from mailman_workflows import RefusedError  # noqa: PLC0415

    ants.ask()
    ants.add_key(proved=True)
    IBanManager(ants.mlist).ban(ANNE)
    with pytest.raises(RefusedError, match="not allowed to subscribe"):
        ants.accept()
    assert ants.members() == set()
    assert ants.all_waiting() == []


@pytest.mark.parametrize("proved", [False, True], ids=["waits for a key", "waits for a moderator"])
def test_address_deleted_meanwhile(ants: Ants, store: Session, *, proved: bool) -> None:
    """The request is over, and core's doors say that it is not there; nothing of the key is left."""
    from mailman.interfaces.usermanager import IUserManager  # noqa: PLC0415 - core must be initialised
    from zope.component import getUtility  # noqa: PLC0415

    ants.ask()
    if proved:
        ants.add_key(proved=True)
    token = ants.waiting().token
    getUtility(IUserManager).delete_address(ants.person())
    store.commit()
    with pytest.raises(LookupError):
        ants.accept(token)
    assert ants.all_waiting() == []
    assert ants.acts() == []


def test_another_preferred_address_meanwhile(ants: Ants, store: Session) -> None:
    """A user who prefers another address by now would be a member by that one, whose key nobody knows: refused."""
    from mailman.interfaces.subscriptions import ISubscriptionManager  # noqa: PLC0415 - core must be initialised
    from mailman.interfaces.usermanager import IUserManager  # noqa: PLC0415
    from zope.component import getUtility  # noqa: PLC0415

    from mailman_workflows import RefusedError  # noqa: PLC0415

    user = getUtility(IUserManager).make_user(ANNE, "Anne")
    user.preferred_address = ants.person(verified=True)
    other = ants.person("eve@example.org", verified=True)
    user.link(other)
    ISubscriptionManager(ants.mlist).register(user)
    store.commit()
    ants.add_key(proved=True)
    user.preferred_address = other
    store.commit()
    with pytest.raises(RefusedError, match="not the preferred address"):
        ants.accept()
    assert ants.members() == set()


@pytest.mark.parametrize("by", ["user", "address"])
@pytest.mark.parametrize("state", ["key", "proof", "moderator"])
@pytest.mark.parametrize("how", ["merged", "moved"])
def test_another_user_meanwhile(ants: Ants, store: Session, how: str, state: str, by: str) -> None:
    """Who takes over the address brings no key of theirs with it: what was proved and seen is that of the address, which joins."""
    from mailman.interfaces.subscriptions import ISubscriptionManager  # noqa: PLC0415 - core must be initialised
    from mailman.interfaces.usermanager import IUserManager  # noqa: PLC0415
    from zope.component import getUtility  # noqa: PLC0415

    users, address = getUtility(IUserManager), ants.person(verified=True)
    user, other = users.make_user(ANNE, "Anne"), users.make_user("eve@example.org", "Eve")
    user.preferred_address, other.preferred_address = address, ants.person("eve@example.org", verified=True)
    ants.add_key("eve@example.org")
    ISubscriptionManager(ants.mlist).register(user if by == "user" else address)
    store.commit()
    if state != "key":
        ants.add_key(proved=state == "moderator")
    if how == "merged":
        other.absorb(user)
    else:
        user.unlink(address)
        other.link(address)
    store.commit()
    if state == "key":
        ants.not_yet("no certificate")
    if state != "moderator":
        ants.add_key(proved=True)
    ants.accept()
    (member,) = ants.mlist.members.members
    assert (member.subscriber, member.user) == (address, other)


def test_two_accept_at_once(ants: Ants) -> None:
    """One of two gets the request; the other one finds none."""
    ants.ask()
    ants.add_key(proved=True)
    token = ants.waiting().token
    ants.accept(token)
    with pytest.raises(LookupError):
        ants.accept(token)
    assert ants.members() == {ANNE}
