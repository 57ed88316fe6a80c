"""A signature counts once, however long it is remembered."""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import func, select, update

from mailman_pgp.model.database import now
from mailman_pgp.model.tables import Seen
from mailman_pgp.openpgp import SignatureVerdict, Status
from mailman_pgp.posts import replay
from mailman_pgp.posts.record import Kind
from mailman_pgp.posts.replay import Claim
from mailman_pgp.runners import housekeeping

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

pytestmark = pytest.mark.usefixtures("healthy")

MONTH, QUARTER = timedelta(days=30), timedelta(days=90)


def signed(*, days_ago: float, content: str = "c") -> SignatureVerdict:
    """A good signature of that age."""
    at = now() - timedelta(days=days_ago)
    return SignatureVerdict(Status.GOOD, "AB", "AB", at, text_mode=False, content_digest=content)


def claim(verdict: SignatureVerdict, name: str, window: timedelta = MONTH, kind: Kind = Kind.POST) -> Claim:
    """What becomes of a claim on the list."""
    return replay.claim("ant.example.com", kind, verdict, name, window)


def accepted(store: Session, verdict: SignatureVerdict, window: timedelta) -> None:
    """The signature was accepted when it was made."""
    assert claim(verdict, "first", window) is Claim.FIRST
    digest = replay.digest_of(Kind.POST, verdict)
    store.execute(update(Seen).where(Seen.digest == digest).values(seen_at=verdict.signed_at))


def test_counts_once() -> None:
    """Once as a post and once as mail to the owners; again for the same claim, never for another one."""
    verdict = signed(days_ago=1)
    for kind in (Kind.POST, Kind.OWNER):
        assert claim(verdict, "a", kind=kind) is Claim.FIRST
        assert claim(verdict, "a", kind=kind) is Claim.FIRST
        assert claim(verdict, "b", kind=kind) is Claim.REPLAYED
    assert claim(signed(days_ago=31), "c") is Claim.STALE


def test_each_list_for_itself() -> None:
    """What one list has claimed says nothing about another, nor does what came to it as a post or a command about mail to the owners."""
    verdict = signed(days_ago=1)
    lists = ("ant.example.com", "bee.example.com")
    for list_id in lists:
        for kind in Kind.POST, Kind.OWNER, Kind.COMMAND:
            assert replay.claim(list_id, kind, verdict, "a", MONTH) is Claim.FIRST
            assert replay.claim(list_id, kind, verdict, "b", MONTH) is Claim.REPLAYED
            assert replay.claim_content(list_id, kind, b"one\n", "a") is Claim.FIRST
            assert replay.claim_content(list_id, kind, b"one\r\n", "b") is Claim.REPLAYED


def test_by_several_processes_at_once(core: Any, store: Session) -> None:
    """Of as many copies as come at the same moment, to as many processes, one is the first."""
    store.commit()
    verdict = signed(days_ago=1)
    reading, writing = os.pipe()
    children = []
    for number in range(4):
        if not (child := os.fork()):
            try:
                core.db.engine.dispose(close=False)
                store.close()
                os.read(reading, 1)
                outcome = claim(verdict, f"copy {number}")
                store.commit()
                os._exit(10 + list(Claim).index(outcome))
            finally:
                os._exit(1)
        children.append(child)
    os.write(writing, b"goes" * len(children))
    ends = sorted(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) - 10 for child in children)
    assert [list(Claim)[end] for end in ends if end >= 0] == [Claim.FIRST, *[Claim.REPLAYED] * 3]
    os.close(reading)
    os.close(writing)
    (row,) = store.scalars(select(Seen))
    assert row.claim.startswith("copy")


def test_longer_window_brings_nothing_back(store: Session) -> None:
    """What was forgotten under a shorter window is stale for good; what came since is remembered."""
    forgotten, remembered = signed(days_ago=40, content="old"), signed(days_ago=20, content="new")
    accepted(store, forgotten, QUARTER)
    accepted(store, remembered, QUARTER)
    assert replay.prune(MONTH) == 1
    assert claim(forgotten, "replayer", MONTH) is Claim.STALE
    assert claim(forgotten, "replayer", QUARTER) is Claim.STALE
    assert claim(remembered, "replayer", QUARTER) is Claim.REPLAYED
    # A signature that never came counts if nothing like it can have been forgotten.
    assert claim(signed(days_ago=38, content="late"), "late", QUARTER) is Claim.FIRST


def test_what_is_forgotten_only_grows(store: Session) -> None:
    """Later prunes move the mark forward, never back, and nothing that is signed ahead of our clock outlives it."""
    for days in (60, 50):
        ahead = signed(days_ago=days - 0.02, content=str(days))
        accepted(store, ahead, QUARTER)
        store.execute(update(Seen).values(seen_at=now() - timedelta(days=days)))
        assert replay.prune(MONTH) == 1
        assert claim(ahead, "replayer", QUARTER) is Claim.STALE
    assert claim(signed(days_ago=59, content="60"), "replayer", QUARTER) is Claim.STALE
    assert replay.prune(MONTH) == 0
    assert claim(signed(days_ago=48.9, content="x"), "first", QUARTER) is Claim.FIRST


def test_wrong_clock_closes_no_list(store: Session) -> None:
    """When the machine believed for a moment that it is years later, new posts pass all the same."""
    accepted(store, signed(days_ago=2), MONTH)
    assert replay.prune(MONTH, at=datetime(2100, 1, 1)) == 1  # noqa: DTZ001 - naive, as in the database
    assert claim(signed(days_ago=2), "replayer") is Claim.STALE
    assert claim(signed(days_ago=0), "new") is Claim.FIRST


@pytest.mark.usefixtures("mlist")
def test_housekeeping_forgets(store: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once a day the rows go that no window of this site needs."""
    accepted(store, signed(days_ago=400), timedelta(days=500))
    accepted(store, signed(days_ago=1, content="new"), MONTH)
    monkeypatch.setattr(housekeeping, "_due", 0.0)
    housekeeping.when_due()
    assert store.scalar(select(func.count()).select_from(Seen)) == 1


def test_while_a_list_was_a_plain_one(mlist: Any, store: Session) -> None:
    """Encryption that is turned off and on lets nothing in again: whoever could read a post may have encrypted it to the new key."""
    from mailman_pgp.lists.encryption import disable, enable  # noqa: PLC0415 - core must be initialised

    verdict = signed(days_ago=1)
    enable(mlist)
    assert claim(verdict, "first") is Claim.FIRST
    store.commit()
    disable(mlist)
    store.commit()
    enable(mlist)
    store.commit()
    assert claim(verdict, "again") is Claim.REPLAYED
