"""What became of posts: how many got each, who did not and why."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Door

ANNE, BART, CRIS = (f"{name}@example.com" for name in ("anne", "bart", "cris"))
LATER = timedelta(hours=1)


@pytest.fixture
def sent(door: Door, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Record a chunk as delivery does, an hour after the last one: ``sent("<1@x>", "chunk", recipients=3, copies=2)``."""
    from mailman_pgp.delivery import ledger  # noqa: PLC0415 - core must be initialised
    from mailman_pgp.model.database import now  # noqa: PLC0415

    clock = [now() - timedelta(days=7)]

    def sent(
        message_id: str, chunk: str, *, got: tuple[str, ...] = (), skips: dict[str, str] | None = None, **numbers: int
    ) -> None:
        clock[0] += LATER
        monkeypatch.setattr(ledger, "now", lambda: clock[0])
        ledger.skipped("ant.example.com", skips or {})
        clock[0] += timedelta(seconds=3)
        ledger.served("ant.example.com", got)
        numbers.setdefault("skipped", len(skips or {}))
        numbers.setdefault("copies", len(got))
        ledger.delivered("ant.example.com", message_id, chunk=chunk, **numbers)
        door.store.commit()

    return sent


def test_seen(door: Door, encrypted: str, sent: Callable[..., None]) -> None:
    """The latest first, the chunks of one together, page by page; the refused apart from those who are tried again."""
    assert door.get(f"{encrypted}/posts")["total_size"] == 0
    sent("<1@x>", "a", recipients=3, copies=3)
    sent("<2/y@x>", "b", recipients=500, copies=480, skipped=5, refused=15)
    sent("<2/y@x>", "c", recipients=100, copies=70, skipped=10, refused=5, waiting=15)
    found = door.get(f"{encrypted}/posts")
    second, first = found["entries"]
    assert found["total_size"] == 2
    names = ("message_id", "recipients", "delivered", "skipped", "failed", "tried_again", "attempts")
    assert [first[name] for name in names] == ["<1@x>", 3, 3, 0, 0, 0, 1]
    assert [second[name] for name in names] == ["<2/y@x>", 600, 550, 15, 15, 20, 1]
    assert first["at"] < second["at"]
    assert [one["message_id"] for one in door.get(f"{encrypted}/posts?page=2&count=1")["entries"]] == ["<1@x>"]
    one = door.get(f"{encrypted}/posts/<2/y@x>")
    assert (one["delivered"], one["missed"], one["unknown"]) == (550, [], 50)
    sent("<2/y@x>", "c", recipients=100, copies=80, skipped=10, refused=10, attempts=2)
    (latest, *_) = door.get(f"{encrypted}/posts")["entries"]
    assert [latest[name] for name in names[2:]] == [560, 15, 25, 0, 2]
    assert door.get(encrypted)["links"]["posts"].endswith(f"{encrypted}/posts")


def missed(door: Door, encrypted: str, message_id: str) -> tuple[list[tuple[str, str]], int]:
    """Who did not get a post, and why; and how many more."""
    found = door.get(f"{encrypted}/posts/{message_id}")
    assert all(one["words"] and one["next_step"].endswith(".") for one in found["missed"])
    return [(one["address"], one["reason"]) for one in found["missed"]], found["unknown"]


def test_who_missed_it(door: Door, encrypted: str, sent: Callable[..., None]) -> None:
    """Whoever has got nothing since; who was left out later is not named, and who is served again is a number."""
    sent("<1@x>", "a", recipients=3, got=(BART, CRIS), skips={ANNE: "no-certificate"})
    sent("<2@x>", "b", recipients=3, got=(CRIS,), skips={ANNE: "no-certificate", BART: "expired"})
    assert missed(door, encrypted, "<1@x>") == ([(ANNE, "no-certificate")], 0)
    assert missed(door, encrypted, "<2@x>") == ([(ANNE, "no-certificate"), (BART, "expired")], 0)
    sent("<3@x>", "c", recipients=3, got=(ANNE, CRIS), skips={BART: "expired"})
    assert missed(door, encrypted, "<1@x>") == ([], 1)
    assert missed(door, encrypted, "<2@x>") == ([(BART, "expired")], 1)
    assert missed(door, encrypted, "<3@x>") == ([(BART, "expired")], 0)


def test_who_missed_one_that_is_tried_again(door: Door, encrypted: str, sent: Callable[..., None]) -> None:
    """Who has a copy of it for long and was left out of a later post is not named; who was given up is, with that reason."""
    sent("<1@x>", "a", recipients=1, got=(BART,))
    sent("<1@x>", "b", recipients=2, skips={ANNE: "no-certificate"}, waiting=1)
    sent("<2@x>", "c", recipients=2, skips={ANNE: "no-certificate", BART: "expired"})
    sent("<1@x>", "b", recipients=2, skips={CRIS: "given-up"}, skipped=1, refused=1, attempts=2)
    named, unknown = missed(door, encrypted, "<1@x>")
    assert (BART, "expired") not in named
    assert len(named) + unknown == 2
    found = door.get(f"{encrypted}/posts/<2@x>")["missed"]
    assert [one["address"] for one in found] == [ANNE, BART]


def test_digests(door: Door, encrypted: str, sent: Callable[..., None]) -> None:
    """Who has chosen digests is named, and was never among those whom it was tried for."""
    sent("<1@x>", "a", recipients=2, got=(BART,), skips={ANNE: "digest-mode", CRIS: "no-certificate"}, skipped=1)
    assert missed(door, encrypted, "<1@x>") == ([(ANNE, "digest-mode"), (CRIS, "no-certificate")], 0)


def test_who_wrote_it(door: Door, encrypted: str, sent: Callable[..., None]) -> None:
    """An author to whom nothing can be encrypted, and who is sent no posts of their own, is no more missing there than elsewhere."""
    sent("<1@x>", "a", recipients=2, got=(BART,), skips={ANNE: "no-encryption-subkey"})
    sent("<by-anne@x>", "b", recipients=1, got=(BART,))
    sent("<3@x>", "c", recipients=2, got=(BART,), skips={ANNE: "no-encryption-subkey"})
    for name in ("1@x", "by-anne@x", "3@x"):
        assert missed(door, encrypted, f"<{name}>") == ([(ANNE, "no-encryption-subkey")], 0)


def test_notices_that_were_missed(door: Door, encrypted: str, sent: Callable[..., None]) -> None:
    """Whom only notices could not be sent has missed no post."""
    from mailman_pgp.delivery import ledger  # noqa: PLC0415 - core must be initialised

    ledger.skipped("ant.example.com", {ANNE: "no-certificate"}, posts=0)
    door.store.commit()
    sent("<1@x>", "a", recipients=1, got=(BART,))
    assert missed(door, encrypted, "<1@x>") == ([], 0)


def test_at_another_list(make_list: Any, door: Door, encrypted: str, sent: Callable[..., None]) -> None:
    """Nothing is known there, nor of what was never sent."""
    make_list("bee")
    door.good("POST", "/lists", {"list_id": "bee.example.com"})
    sent("<1@x>", "a", recipients=1, got=(BART,))
    assert "entries" not in door.get("/lists/bee.example.com/posts")
    for path in ("/lists/bee.example.com/posts/<1@x>", f"{encrypted}/posts/1@x", f"{encrypted}/posts/<2@x>"):
        assert "Nothing is known of a post" in door.refused(404, "GET", path)
