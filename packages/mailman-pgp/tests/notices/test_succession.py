"""People are told of a list's new key, by the key that they know; and owners before a list's key ends."""

from __future__ import annotations

import datetime as dt
import errno
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from others import made_of_version_6_and_ml_kem
from outgoing import encrypt

from mailman_pgp import openpgp
from mailman_pgp.keys import key_news, revoking, succession, vault
from mailman_pgp.model.database import now
from mailman_pgp.model.tables import ListKey
from mailman_pgp.openpgp import Reason

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Members
    from sqlalchemy.orm import Session

ANNE, BART, OWNER = "anne@example.com", "bart@example.com", "olga@example.com"

pytestmark = pytest.mark.usefixtures("healthy")


@pytest.fixture
def club(mlist: Any, members: Members, store: Session) -> Any:
    """An encrypted list with a member who has a certificate, one who has none, and an owner."""
    encrypt(mlist, [ANNE, OWNER])
    members.add(mlist, ANNE)
    members.add(mlist, BART)
    members.add(mlist, OWNER, role="owner")
    store.commit()
    queued()
    return mlist


def queued() -> dict[str, Any]:
    """What is on its way, by its reader; it is taken from the queue."""
    from mailman.testing.helpers import get_queue_messages  # noqa: PLC0415 - core must be initialised

    return {next(iter(item.msgdata["recipients"])): item for item in get_queue_messages("virgin")}


def rotate(mlist: Any, store: Session, profile: openpgp.Profile = openpgp.Profile.USUAL) -> openpgp.NewListKey:
    """Give a list another key, and tell of it as the runner of `out` does."""
    new = openpgp.generate("Ant", [mlist.posting_address, mlist.request_address, mlist.owner_address], profile=profile)
    succession.succeed(mlist.list_id, new)
    store.commit()
    tell()
    return new


def tell() -> None:
    """Look for what there is to tell."""
    from mailman_pgp.runners import housekeeping  # noqa: PLC0415 - core must be initialised

    housekeeping.tell_of_changes()


def attached(msg: Any) -> list[openpgp.Certificate]:
    """The certificates that are attached."""
    return [openpgp.read_certificate(part.get_payload(decode=True)) for part in msg.get_payload()[1:]]


def test_everybody_is_told_once(club: Any, store: Session) -> None:
    """Member, owner, and who has no key: what the keys are, and until when both open; with both certificates."""
    old = vault.certificate(club.list_id)
    new = rotate(club, store)
    found = queued()
    assert sorted(found) == [ANNE, BART, OWNER]
    text = found[ANNE].msg.get_payload(0).get_payload(decode=True).decode()
    assert openpgp.grouped(old.fingerprint) in text
    assert openpgp.grouped(new.certificate.fingerprint) in text
    retired = vault.certificates(club.list_id)[1]
    assert f"{retired.opens_until:%Y-%m-%d}" in text
    fresh, former = attached(found[ANNE].msg)
    assert (fresh.fingerprint, former.fingerprint) == (new.certificate.fingerprint, old.fingerprint)
    assert former.expires == retired.opens_until
    tell()
    assert queued() == {}


@pytest.mark.parametrize("profile", [openpgp.Profile.V6, openpgp.Profile.POST_QUANTUM], ids=str)
def test_what_program_is_needed(club: Any, store: Session, profile: openpgp.Profile) -> None:
    """Is said with a key of an experimental kind; and of one that could not certify the next, that it has not."""
    rotate(club, store, profile)
    text = words(queued()[ANNE])
    assert "RFC 9980" in text if profile is openpgp.Profile.POST_QUANTUM else "keys of version 6 (RFC 9580)" in text
    assert "it has certified the new one" in text
    rotate(club, store)
    text = words(queued()[ANNE])
    assert "you need a program" not in text
    assert ("It has not certified the new one" in text) is (profile is openpgp.Profile.V6)
    assert ("it has certified the new one" in text) is (profile is not openpgp.Profile.V6)


def test_what_program_is_needed_for_both(club: Any, store: Session) -> None:
    """Of a key of version 6 that is encrypted to by ML-KEM it is said that reading takes the one, and writing both."""
    addresses = [club.posting_address, club.request_address, club.owner_address]
    made, _ = openpgp.adopt(made_of_version_6_and_ml_kem("Ant", addresses), "Ant", addresses)
    succession.succeed(club.list_id, made)
    store.commit()
    tell()
    text = words(queued()[ANNE])
    assert "keys of version 6 (RFC 9580); to write to it, one that knows post-quantum keys, too" in text
    assert "Other programs can read" not in text


def words(item: Any) -> str:
    """The text of what is on its way, in one line."""
    return " ".join(item.msg.get_payload(0).get_payload(decode=True).decode().split())


def test_a_large_list_is_told_in_parts(club: Any, store: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """A part at each turn, so that other mail goes on, and each person once."""
    from mailman_pgp.notices import succession as telling  # noqa: PLC0415 - core must be initialised

    monkeypatch.setattr(telling, "AT_ONCE", 2)
    rotate(club, store)
    assert sorted(queued()) == [ANNE, BART]
    tell()
    assert sorted(queued()) == [OWNER]
    tell()
    assert queued() == {}


def test_one_that_fails(club: Any, store: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever can't be told keeps nobody else from it, and nobody is told again and again for that."""
    from mailman_pgp.notices import succession as telling  # noqa: PLC0415 - core must be initialised

    send = telling.send_template

    def not_to_bart(mlist: Any, address: str, *more: Any, **words: Any) -> None:
        if address == BART:
            raise KeyError(address)
        send(mlist, address, *more, **words)

    monkeypatch.setattr(telling, "send_template", not_to_bart)
    rotate(club, store)
    assert sorted(queued()) == [ANNE, OWNER]
    assert not key_news.to_tell(now() + dt.timedelta(days=1))


def test_a_full_disk(club: Any, store: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the system fails, those who are left are told later, and nobody twice."""
    from mailman_pgp.notices import succession as telling  # noqa: PLC0415 - core must be initialised

    send = telling.send_template

    def full(mlist: Any, address: str, *more: Any, **words: Any) -> None:
        if address != ANNE:
            raise OSError(errno.ENOSPC, "full")
        send(mlist, address, *more, **words)

    with monkeypatch.context() as patch:
        patch.setattr(telling, "send_template", full)
        rotate(club, store)
    assert sorted(queued()) == [ANNE]
    tell()
    assert queued() == {}  # not at each turn
    a_while_goes_by(store)
    tell()
    assert sorted(queued()) == [BART, OWNER]
    tell()
    assert queued() == {}


def a_while_goes_by(store: Session) -> None:
    """What was put off is due."""
    store.execute(sa.update(ListKey).where(ListKey.tell_at.is_not(None)).values(tell_at=now()))
    store.commit()


def test_after_a_revocation(club: Any, store: Session) -> None:
    """The new key is not vouched for, which is said; with the certificate that is revoked."""
    revoking.revoke(revoking.key_of(club.list_id, None), Reason.COMPROMISED, "")
    store.commit()
    tell()
    assert queued() == {}  # there is nothing to turn to
    rotate(club, store)
    found = queued()[ANNE].msg
    text = " ".join(found.get_payload(0).get_payload(decode=True).decode().split())
    assert "was revoked" in text
    assert "compare its fingerprint in another way than by mail" in text
    assert [one.revoked for one in attached(found)] == [False, True]


def test_nobody_is_told_of_what_failed(club: Any, store: Session) -> None:
    """A change that was not committed is told to nobody."""
    succession.succeed(club.list_id, openpgp.generate("Ant", [club.posting_address]))
    store.rollback()
    tell()
    assert queued() == {}


@pytest.fixture
def remind(store: Session) -> Callable[[dt.datetime], list[str]]:
    """Remind as it is done at a time; return what the owners were sent."""
    from mailman_pgp.notices import reminding  # noqa: PLC0415 - core must be initialised

    def at(when: dt.datetime) -> list[str]:
        reminding.remind(when)
        store.expire_all()
        return [item.msg.get_payload(decode=True).decode() for item in queued().values()]

    return at


def test_owners_are_warned(club: Any, store: Session, remind: Callable[[dt.datetime], list[str]]) -> None:
    """At 30, 14 and 3 days, and on the last one; once each, and anew when it was extended."""
    ends = vault.certificate(club.list_id).expires
    assert ends is not None
    told = [
        days
        for days in (40, 31, 30, 29, 14.5, 14, 13, 3, 2, 1.5, 0.9, 0.5, -1, -40)
        if remind(ends - dt.timedelta(days=days))
    ]
    assert told == [30, 14, 3, 0.9]
    key = vault.certificate(club.list_id)
    later = (ends + dt.timedelta(days=300)).replace(microsecond=0)
    vault.renew(key, *openpgp.extend(vault.current_secret(club.list_id), later))
    store.commit()
    (text,) = remind(later - dt.timedelta(days=20))
    assert f"{later:%Y-%m-%d}" in text
    assert f"mailman pgp list-key extend {club.list_id}" in text


def test_a_late_start_warns_once(club: Any, remind: Callable[[dt.datetime], list[str]]) -> None:
    """A Mailman that did not run for long tells of the last stage alone."""
    ends = vault.certificate(club.list_id).expires
    assert ends is not None
    assert len(remind(ends - dt.timedelta(days=2))) == 1
    assert remind(ends - dt.timedelta(days=2)) == []
