"""Owners read once a week what did not arrive at their list."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pytest
from outgoing import encrypt

from mailman_pgp.delivery import ledger
from mailman_pgp.model.database import now
from mailman_pgp.model.tables import Answer, Dropped, Skipped

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.orm import Session

pytestmark = pytest.mark.usefixtures("healthy")
ANNE, BART = "anne@example.com", "bart@example.com"
OWNERS = "ant-owner@example.com"


@pytest.fixture
def asked() -> list[str]:
    """Whom the notices went to."""
    return []


@pytest.fixture
def told(mlist: Any, store: Session, asked: list[str]) -> Callable[..., list[str]]:
    """What the owners are told when it is looked at so many days from now: ``told(8)``."""
    from mailman.testing.helpers import get_queue_messages  # noqa: PLC0415 - core must be initialised

    from mailman_pgp.notices import summing_up  # noqa: PLC0415

    encrypt(mlist, [])

    def at(days: float = 0) -> list[str]:
        store.commit()
        summing_up.sum_up(now() + dt.timedelta(days=days))
        sent = [item for item in get_queue_messages("virgin") if "What did not arrive" in str(item.msg["subject"])]
        asked.extend(str(item.msg["to"]) for item in sent)
        assert not any("pgp" in item.msgdata for item in sent), "None of ours that may leave in the clear."
        return [item.msg.get_payload(decode=True).decode() for item in sent]

    return at


def happened(mlist: Any) -> None:
    """Two posts did not reach two members, and mail was refused."""
    for _ in range(2):
        ledger.skipped(mlist.list_id, {ANNE: "no-certificate", BART: "expired"})
    for reason in ("unsigned", "unsigned", "replayed"):
        ledger.dropped(mlist.list_id, kind="post", recipient="eve@example.net", reason=reason)


def test_once_a_week(mlist: Any, told: Callable[..., list[str]], asked: list[str]) -> None:
    """Who was sent nothing, by name and reason, and what was refused, in numbers; whoever wrote that is not named."""
    assert told() == []
    happened(mlist)
    (text,) = told()
    assert f"{ANNE}: no certificate" in text
    assert f"{BART}: the certificate has expired" in text
    assert "   2  not signed" in text
    assert "   1  a signed message that was posted before" in text
    assert "eve@" not in text
    assert told() == told(6.9) == []
    assert told(8) == [], "Nothing has happened since."
    assert asked == [OWNERS]


def test_next_week(mlist: Any, store: Session, told: Callable[..., list[str]]) -> None:
    """What happened meanwhile is told a week after the last time, whatever was cleaned up in between."""
    happened(mlist)
    assert len(told()) == 1
    for row in (*store.query(Dropped), *store.query(Skipped), *store.query(Answer)):
        for name in {"at", "last", "since"} & set(row.__table__.columns.keys()):
            setattr(row, name, getattr(row, name) - dt.timedelta(days=6))
    ledger.prune()
    happened(mlist)
    assert told() == []
    for row in store.query(Answer):
        row.at -= dt.timedelta(days=2)
    assert len(told()) == 1


def test_no_reason_to_write(mlist: Any, told: Callable[..., list[str]]) -> None:
    """A summary that did not reach the owners is none for the next one, or they would be written to for ever; nor is machines' mail."""
    ledger.dropped(mlist.list_id, kind="command", recipient="daemon@example.net", reason="not-answerable")
    ledger.lost(mlist.list_id, "notice", {OWNERS: "no-certificate"})
    ledger.skipped(mlist.list_id, {OWNERS: "no-certificate"}, posts=0)
    assert told() == []


def test_many(mlist: Any, told: Callable[..., list[str]]) -> None:
    """Of a list on which nobody can be sent anything, some are named, and the number of the others."""
    ledger.skipped(mlist.list_id, {f"m{number:03}@example.com": "expired" for number in range(120)})
    (text,) = told()
    assert text.count("@example.com: ") == 50
    assert "and 70 more" in text


def test_one_list_keeps_no_other_from_it(
    mlist: Any,
    make_list: Callable[..., Any],
    told: Callable[..., list[str]],
    asked: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A failure is logged, and the others are told; it is made good for the next day."""
    from mailman_pgp.notices import summing_up  # noqa: PLC0415 - core must be initialised

    bee = make_list("bee")
    encrypt(bee, [])
    for each in (bee, mlist):
        happened(each)
    send = summing_up.send_to_owners

    def send_or_fail(mlist: Any, subject: str, text: str) -> None:
        if mlist.list_id == "ant.example.com":
            raise OSError("No space left on device")
        send(mlist, subject, text)

    with monkeypatch.context() as patch:
        patch.setattr(summing_up, "send_to_owners", send_or_fail)
        told()
    assert asked == ["bee-owner@example.com"]
    told()
    assert asked == ["bee-owner@example.com", OWNERS]
