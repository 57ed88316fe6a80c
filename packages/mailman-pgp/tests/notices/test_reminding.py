"""Members are told before their certificates end, once at each stage; the owners learn whom that concerns."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from keys import DAY, ENCRYPT, Key, forge, forge_usable
from keys import now as seconds_now
from outgoing import encrypt

from mailman_pgp import openpgp
from mailman_pgp.keys import registry, reminders
from mailman_pgp.model.database import now
from mailman_pgp.model.tables import ListKey, Reminder

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Members
    from sqlalchemy.orm import Session

ANNE, BART = "anne@example.com", "bart@example.com"
AGE = 100 * DAY

pytestmark = pytest.mark.usefixtures("healthy")


def lasting(days: int | None, address: str = ANNE) -> bytes:
    """A certificate that ends in so many days, none for never."""
    lifetime = None if days is None else AGE + days * DAY
    return forge_usable(f"Anne <{address}>", age=AGE, lifetime=lifetime).public


def with_subkey(days: int) -> bytes:
    """A certificate without an end whose encryption subkey ends in so many days."""
    made = forge(f"Anne <{ANNE}>", age=AGE)
    made.bind(Key.encrypting(seconds_now() - AGE), ENCRYPT, lifetime=AGE + days * DAY)
    return made.public


def queued() -> list[tuple[str, str]]:
    """To whom notices are on their way, and their texts; they are taken from the queue."""
    from mailman.testing.helpers import get_queue_messages  # noqa: PLC0415 - core must be initialised

    found = []
    for item in get_queue_messages("virgin"):
        part = item.msg.get_payload(0) if item.msg.is_multipart() else item.msg
        (recipient,) = item.msgdata["recipients"]
        found.append((recipient, part.get_payload(decode=True).decode()))
    return sorted(found)


@pytest.fixture
def remind(store: Session) -> Callable[..., list[tuple[str, str]]]:
    """Remind as it is done so many days from now: ``remind(5)``; what was sent is returned."""
    from mailman_pgp.notices import reminding  # noqa: PLC0415 - core must be initialised

    def at(days: float = 0) -> list[tuple[str, str]]:
        reminding.remind(now() + dt.timedelta(days=days))
        store.expire_all()
        return queued()

    return at


@pytest.fixture
def anne(mlist: Any, members: Members, store: Session) -> Callable[[bytes], None]:
    """Let a certificate be the one of Anne, a member of an encrypted list."""
    encrypt(mlist, [])
    members.add(mlist, ANNE)
    queued()  # the welcome

    def has(certificate: bytes) -> None:
        registry.add(mlist.list_id, ANNE, openpgp.inspect(certificate), origin="test")
        store.commit()

    return has


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        (31, None),
        (30, 30),
        (29.9, 30),
        (14.1, 30),
        (14, 14),
        (3.1, 14),
        (3, 3),
        (0.1, 3),
        (0, 0),
        (-0.1, 0),
        (-29.9, 0),
        (-30, -30),
        (-59, -30),
        (-61, -60),
    ],
)
def test_stages(days: float, expected: int | None) -> None:
    """30, 14 and 3 days before the end, at the end, and then each thirtieth day."""
    at = dt.datetime(2026, 6, 1)  # noqa: DTZ001 - as the database keeps it
    assert reminders.stage(at + dt.timedelta(days=days), at) == expected


@pytest.mark.parametrize("make", [lasting, with_subkey], ids=["primary", "subkey"])
def test_told_once_at_each_stage(
    make: Callable[[int], bytes],
    anne: Callable[[bytes], None],
    remind: Callable[..., list[tuple[str, str]]],
    mlist: Any,
) -> None:
    """The day of the end and what to do; the owners are told who it is, by mail that leaves encrypted only."""
    anne(make(40))
    told = {day: remind(day) for day in (0, 9, 11, 12, 25, 27, 36, 38, 41, 60, 71, 80, 101)}
    assert [day for day, sent in told.items() if sent] == [11, 27, 38, 41, 71, 101]
    (to_anne, text), (to_owners, digest) = told[11]
    assert (to_anne, to_owners) == (ANNE, mlist.owner_address)
    ends = f"{now() + dt.timedelta(days=40):%Y-%m-%d}"
    assert f"It ends on {ends}" in text
    assert "Extend it" in text
    assert f"{ends}  {ANNE}" in digest
    assert f"It has ended on {ends}" in told[41][0][1]


def test_stages_that_were_missed(anne: Callable[[bytes], None], remind: Callable[..., list[tuple[str, str]]]) -> None:
    """After a time in which the server was off, one notice tells of the latest."""
    anne(lasting(40))
    assert len(remind(38)) == 2
    assert remind(38.5) == []


def test_extended(anne: Callable[[bytes], None], remind: Callable[..., list[tuple[str, str]]], mlist: Any) -> None:
    """An extended certificate begins anew, and so does another one."""
    made = forge_usable(f"Anne <{ANNE}>", age=AGE, lifetime=AGE + 20 * DAY)
    anne(made.public)
    assert len(remind()) == 2
    made.user_id(f"Anne <{ANNE}>", at=seconds_now() - DAY, lifetime=AGE + 100 * DAY)
    anne(made.public)
    assert remind(21) == []
    assert len(remind(75)) == 2
    anne(lasting(80))
    assert len(remind(75)) == 2
    assert mlist.members.get_member(ANNE) is not None


def test_who_is_not_told(
    anne: Callable[[bytes], None], remind: Callable[..., list[tuple[str, str]]], mlist: Any, store: Session
) -> None:
    """Whose certificate does not end, is revoked or does not count, and who is not on the list."""
    anne(lasting(None))
    assert remind(10_000) == []
    revoked = forge_usable(f"Anne <{ANNE}>", age=AGE, lifetime=AGE + 5 * DAY)
    revoked.revoke(at=seconds_now() - DAY)
    anne(revoked.public)
    assert remind() == []
    anne(lasting(5))
    registry.remove(mlist.list_id, ANNE)
    assert remind() == []
    stranger = "bart@example.com"
    registry.add(mlist.list_id, stranger, openpgp.inspect(lasting(5, stranger)), origin="test")
    store.commit()
    assert remind() == []


def test_two_processes(anne: Callable[[bytes], None], mlist: Any, store: Session) -> None:
    """Only one of them tells."""
    anne(lasting(5))
    (ending,) = reminders.endings(mlist.list_id, now())
    assert reminders.claim(ending)
    assert not reminders.claim(ending)
    assert store.scalar(sa.select(Reminder.days)) == 14


def test_nothing_is_kept_of_who_left(
    anne: Callable[[bytes], None], remind: Callable[..., list[tuple[str, str]]], mlist: Any, store: Session
) -> None:
    """Neither of a member, nor of a list."""
    anne(lasting(5))
    assert len(remind()) == 2
    mlist.members.get_member(ANNE).unsubscribe()
    store.flush()
    assert store.scalar(sa.select(Reminder)) is None


def test_a_list_without_a_key(
    anne: Callable[[bytes], None],
    remind: Callable[..., list[tuple[str, str]]],
    make_list: Callable[[str], Any],
    members: Members,
    mlist: Any,
    store: Session,
) -> None:
    """It can tell nobody, and keeps no other list from telling theirs; with a key it tells what is left to tell."""
    anne(lasting(5))
    other = make_list("bee")
    encrypt(other, [])
    members.add(other, BART)
    registry.add(other.list_id, BART, openpgp.inspect(lasting(5, BART)), origin="test")
    own = store.execute(sa.select(ListKey.__table__).where(ListKey.list_id == mlist.list_id)).one()
    store.execute(sa.delete(ListKey).where(ListKey.list_id == mlist.list_id))
    store.commit()
    queued()
    assert [recipient for recipient, _ in remind()] == [BART, other.owner_address]
    store.execute(sa.insert(ListKey).values(own._asdict()))
    store.commit()
    assert [recipient for recipient, _ in remind()] == [ANNE, mlist.owner_address]


@pytest.mark.parametrize("failing", [ANNE, BART])
def test_one_who_cannot_be_told(
    anne: Callable[[bytes], None],
    remind: Callable[..., list[tuple[str, str]]],
    members: Members,
    mlist: Any,
    store: Session,
    monkeypatch: pytest.MonkeyPatch,
    failing: str,
) -> None:
    """The others are told all the same, whoever comes first, and once; that one is told as soon as it can be."""
    from mailman_pgp.notices import reminding  # noqa: PLC0415 - core must be initialised

    send_ending = reminding.send_ending

    def fail(mlist: Any, address: str, *more: Any) -> None:
        if address == failing:
            raise RuntimeError
        send_ending(mlist, address, *more)

    anne(lasting(5))
    members.add(mlist, BART)
    registry.add(mlist.list_id, BART, openpgp.inspect(lasting(5, BART)), origin="test")
    store.commit()
    queued()
    other = BART if failing == ANNE else ANNE
    with monkeypatch.context() as patch:
        patch.setattr(reminding, "send_ending", fail)
        told = dict(remind())
        assert set(told) == {other, mlist.owner_address}
        assert failing not in told[mlist.owner_address]
        assert remind() == []
    assert set(dict(remind())) == {failing, mlist.owner_address}
