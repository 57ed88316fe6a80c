"""What is done on an encrypted list is told, by whichever door it is done; what failed is not."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pytest
from keys import DAY, forge_usable
from talkers import Talker, entity
from told import told

from mailman_pgp import openpgp
from mailman_pgp.events.kinds import (
    KeyAddedEvent,
    KeyExpiringEvent,
    KeyOfferedEvent,
    KeyProvenEvent,
    KeyUpdatedEvent,
    ListKeyChangedEvent,
    ListSettingsChangedEvent,
)
from mailman_pgp.keys import registry
from mailman_pgp.lists import settings
from mailman_pgp.lists.setting import SettingError
from mailman_pgp.model.database import now
from mailman_pgp.model.tables import EncryptedList
from mailman_pgp.openpgp.memberkeys import MemberKey

if TYPE_CHECKING:
    from conftest import Members
    from sqlalchemy.orm import Session
    from written import Written

ANT, ANNE = "ant.example.com", "anne@example.net"


def row_of(store: Session) -> EncryptedList:
    row = store.get(EncryptedList, ANT)
    assert row is not None
    return row


@pytest.mark.usefixtures("encrypted")
def test_settings(store: Session, heard: list[Any], written: Written) -> None:
    """One event for a change, with the names of what is other than before, and no values."""
    settings.change(row_of(store), {"footer_note": False, "leave_delay_days": 7, "lost_key_leave": "delay"})
    store.commit()
    assert heard == [ListSettingsChangedEvent(ANT, ("footer_note", "lost_key_leave"))]
    data = {"list_id": ANT, "settings": ["footer_note", "lost_key_leave"]}
    assert written.rows() == [("ListSettingsChangedEvent", ANT, data)]
    assert (row_of(store).footer_note, row_of(store).lost_key_leave) == (False, "delay")


@pytest.mark.usefixtures("encrypted")
def test_settings_that_stay(store: Session, heard: list[Any]) -> None:
    """Nothing when nothing has changed, or something was wrong with one of them."""
    settings.change(row_of(store), {"footer_note": True, "replay_window_days": None})
    settings.change(row_of(store), {})
    with pytest.raises(SettingError):
        settings.change(row_of(store), {"footer_note": False, "leave_delay_days": 0})
    assert heard == []


@pytest.mark.usefixtures("encrypted")
def test_settings_that_are_rolled_back(store: Session, written: Written) -> None:
    """Nobody is told."""
    settings.change(row_of(store), {"footer_note": False})
    assert written.names() == ["ListSettingsChangedEvent"]
    store.rollback()
    assert written.rows() == []


@pytest.mark.usefixtures("healthy")
def test_list_key(mlist: Any, store: Session, heard: list[Any], written: Written) -> None:
    """A list that is encrypted has one from now on; one that is not any more has none."""
    from mailman_pgp.lists import encryption  # noqa: PLC0415 - core must be initialised

    fingerprint = encryption.enable(mlist)
    store.rollback()
    assert written.rows() == []
    heard.clear()
    fingerprint = encryption.enable(mlist)
    store.commit()
    encryption.disable(mlist)
    store.commit()
    assert heard == [ListKeyChangedEvent(ANT, fingerprint), ListKeyChangedEvent(ANT, None)]
    assert written.rows()[-1] == ("ListKeyChangedEvent", ANT, {"list_id": ANT, "fingerprint": None})


@pytest.mark.usefixtures("healthy")
def test_list_that_was_not_encrypted(mlist: Any, store: Session, heard: list[Any]) -> None:
    """A list that can't be encrypted has no key of which anybody could be told."""
    from mailman_pgp.lists import encryption  # noqa: PLC0415 - core must be initialised

    mlist.anonymous_list = True
    with pytest.raises(encryption.EncryptionError):
        encryption.enable(mlist)
    store.rollback()
    assert heard == []


def test_expiring(
    encrypted: Any,
    members: Members,
    store: Session,
    heard: list[Any],
    written: Written,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Once for each time that its person is told, when it ends and in how many days; not where they could not be told."""
    from mailman_pgp.notices import reminding  # noqa: PLC0415 - core must be initialised

    members.add(encrypted, ANNE)
    made = forge_usable(f"Anne <{ANNE}>", age=100 * DAY, lifetime=140 * DAY).public
    certificate = openpgp.inspect(made)
    registry.add(ANT, ANNE, certificate, origin="test")
    store.commit()

    def fail(*_arguments: Any) -> None:
        raise RuntimeError("for a test")

    soon = now() + dt.timedelta(days=11)
    monkeypatch.setattr(reminding, "send_ending", fail)
    reminding.remind(soon)
    monkeypatch.undo()
    assert (heard, written.rows()) == ([], [])
    for _ in range(2):
        reminding.remind(soon)
    store.expire_all()
    assert certificate.expires is not None
    assert heard == [KeyExpiringEvent(ANT, ANNE, certificate.fingerprint, certificate.expires, 30)]


@pytest.fixture
def talking(encrypted: Any, heard: list[Any]) -> Talker:
    """Somebody who writes to the list, and is not a member yet."""
    from mailman.interfaces.mailinglist import SubscriptionPolicy  # noqa: PLC0415 - core must be initialised

    from mailman_pgp.conversation import questions  # noqa: PLC0415

    questions.install()
    encrypted.subscription_policy = SubscriptionPolicy.confirm
    heard.clear()
    return Talker.make(ANNE, encrypted)


def test_offered_and_proven(talking: Talker, heard: list[Any], written: Written) -> None:
    """A key that comes with a mail waits for its person's proof, and then counts."""
    question = talking.asked(talking.clear(entity("join", attached=talking.key.certificate)))
    whose = (ANT, ANNE, talking.key.fingerprint)
    assert heard == [KeyOfferedEvent(*whose, "proof")]
    heard.clear()
    talking.tell(talking.reply(question))
    assert heard == [KeyAddedEvent(*whose, "mail"), KeyProvenEvent(*whose, "mail")]
    assert written.names() == ["KeyOfferedEvent", "KeyAddedEvent", "KeyProvenEvent"]


def test_offered_to_moderators(talking: Talker, members: Members, heard: list[Any]) -> None:
    """One that is to replace another, and that the other has not signed, waits for a moderator once it is proven."""
    talking.counts()
    members.add(talking.mlist, ANNE)
    members.add(
        talking.mlist, "otto@example.net", role="owner"
    )  # of whom it is told that they can't be asked, by mail alone
    told()
    new = MemberKey.generate(f"Somebody <{ANNE}>")
    question = talking.asked(talking.clear(entity("key change", attached=new.certificate)), by=new)
    talking.tell(talking.reply(question, by=new))
    whose = (ANT, ANNE, new.fingerprint)
    assert heard == [KeyOfferedEvent(*whose, "proof"), KeyOfferedEvent(*whose, "moderator")]


def test_not_offered(talking: Talker, heard: list[Any]) -> None:
    """Of a mail of which nobody is asked anything, nobody is told: the certificate of another address, or none."""
    other = MemberKey.generate("Otto <otto@example.net>")
    talking.tell(talking.clear(entity("join", attached=other.certificate)))
    talking.tell(talking.clear(entity("join")))
    talking.tell(talking.clear(entity("help")))
    assert heard == []


def test_news_on_two_lists(encrypted: Any, make_list: Any, store: Session, heard: list[Any]) -> None:
    """What a key says of itself is told of each list where it is chosen; where it came is told of that list alone."""
    from outgoing import encrypt  # noqa: PLC0415 - it makes lists in core

    from mailman_pgp.exchange import changing  # noqa: PLC0415
    from mailman_pgp.keys.journal import Actor, Door  # noqa: PLC0415

    other = make_list("bee")
    encrypt(other, [])
    made = forge_usable(f"Anne <{ANNE}>")
    for mlist in (encrypted, other):
        registry.add(mlist.list_id, ANNE, openpgp.inspect(made.public), origin="test")
    store.commit()
    heard.clear()
    made.user_id("Anne <new@example.com>")
    changing.learn(openpgp.inspect(made.public), Actor(Door.MAIL, ANNE), encrypted)
    assert sorted(heard, key=lambda event: event.list_id) == [
        KeyUpdatedEvent(ANT, ANNE, made.fingerprint, "mail"),
        KeyUpdatedEvent("bee.example.com", ANNE, made.fingerprint, "site"),
    ]
