"""What became of posts: how many got each, who did not and why."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from queries import counted

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Door

ANNE, BART, CRIS = (f"{name}@example.com" for name in ("anne", "bart", "cris"))
LATER = timedelta(hours=1)


@pytest.fixture
def sent(door: Door, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Record a chunk as delivery does, an hour after the last one: ``sent("<1@x>", "chunk", recipients=3, copies=2)``.

    `missed` is the reason for which somebody has no copy, by address, with the class of the mail server's answer behind a blank.
    """
    from mailman_pgp.delivery import ledger  # noqa: PLC0415 - core must be initialised
    from mailman_pgp.model.database import now  # noqa: PLC0415
    from mailman_pgp.model.missed import Miss  # noqa: PLC0415

    clock = [now() - timedelta(days=7)]

    def sent(message_id: str, chunk: str, *, missed: dict[str, str] | None = None, **numbers: Any) -> None:
        clock[0] += LATER
        monkeypatch.setattr(ledger, "now", lambda: clock[0])
        found = {address: Miss(*reason.split()) for address, reason in (missed or {}).items()}
        numbers = {"skipped": 0, "copies": 0, "tried": found, **numbers}
        ledger.delivered("ant.example.com", message_id, chunk=chunk, missed=found, **numbers)
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
    sent("<2/y@x>", "c", recipients=100, copies=80, skipped=10, refused=10, attempts=2)
    (latest, *_) = door.get(f"{encrypted}/posts")["entries"]
    assert [latest[name] for name in names[2:]] == [560, 15, 25, 0, 2]
    assert door.get(encrypted)["links"]["posts"].endswith(f"{encrypted}/posts")


def missed(door: Door, encrypted: str, message_id: str) -> list[tuple[str, str, str | None]]:
    """Who did not get a post, why, and what the mail server answered."""
    found = door.get(f"{encrypted}/posts/{message_id}/missed").get("entries", [])
    assert all(one["words"] and one["next_step"].endswith(".") for one in found)
    return [(one["address"], one["reason"], one["answer"]) for one in found]


def test_who_missed_it(door: Door, encrypted: str, sent: Callable[..., None]) -> None:
    """Those of all its chunks by address, whatever they have got since, with the time; who waits is told from who was given up."""
    sent("<1@x>", "a", missed={CRIS: "refused 5.1.1", ANNE: "no-certificate"}, recipients=2, skipped=1, refused=1)
    sent("<1@x>", "b", missed={BART: "waiting 450"}, recipients=2, copies=1, waiting=1)
    sent("<2@x>", "c", missed={BART: "expired"}, recipients=4, copies=3, skipped=1)
    both = [(ANNE, "no-certificate", None), (CRIS, "refused", "5.1.1")]
    assert missed(door, encrypted, "<1@x>") == [both[0], (BART, "waiting", "450"), both[1]]
    assert missed(door, encrypted, "<2@x>") == [(BART, "expired", None)]
    begun = door.get(f"{encrypted}/posts/<1@x>/missed?reason=waiting")["entries"][0]["since"]
    sent("<1@x>", "b", missed={BART: "given-up 450"}, recipients=2, copies=1, refused=1, attempts=2)
    assert missed(door, encrypted, "<1@x>") == [both[0], (BART, "given-up", "450"), both[1]]
    assert door.get(f"{encrypted}/posts/<1@x>/missed?reason=given-up")["entries"][0]["since"] > begun
    sent("<1@x>", "b", recipients=2, copies=2, attempts=3, tried=[BART])
    assert missed(door, encrypted, "<1@x>") == both


def test_in_numbers(door: Door, encrypted: str, sent: Callable[..., None]) -> None:
    """How many for each reason, the most first; who chose digests was never among those whom it was tried for."""
    people = {ANNE: "expired", BART: "expired", CRIS: "digest-mode"}
    sent("<1@x>", "a", missed=people, recipients=5, copies=3, skipped=2)
    found = door.get(f"{encrypted}/posts/<1@x>")
    assert [(one["reason"], one["number"]) for one in found["reasons"]] == [("expired", 2), ("digest-mode", 1)]
    assert all(one["words"] and one["next_step"] for one in found["reasons"])
    assert found["unknown"] == 0
    assert found["missed_link"].endswith("/missed")
    sent("<2@x>", "b", recipients=5, copies=2, skipped=2, refused=1)  # as an earlier release wrote it
    found = door.get(f"{encrypted}/posts/<2@x>")
    assert (found["reasons"], found["unknown"]) == ([], 3)


def test_page_by_page(door: Door, encrypted: str, sent: Callable[..., None]) -> None:
    """By address, of one reason where that is asked for, with as many queries for all as for one."""
    people = {f"p{number:03}@example.com": "expired" if number % 2 else "revoked" for number in range(300)}
    sent("<1@x>", "a", missed=dict(list(people.items())[:10]), recipients=10, skipped=10)
    path = f"{encrypted}/posts/<1@x>/missed"
    door.get(path)
    with counted() as few:
        door.get(path)
    for start in range(10, 300, 10):
        part = dict(list(people.items())[start : start + 10])
        sent("<1@x>", f"a{start}", missed=part, recipients=10, skipped=10)
    door.get(path)
    with counted() as many:
        found = door.get(f"{path}?reason=expired&page=3&count=4")
    assert len(many) == len(few)
    assert (found["start"], found["total_size"]) == (8, 150)
    assert [one["address"] for one in found["entries"]] == [f"p{n:03}@example.com" for n in (17, 19, 21, 23)]
    assert "entries" not in door.get(f"{path}?reason=nothing-of-the-kind")
    assert "page needs a count" in door.refused(400, "GET", f"{path}?page=2")


def test_at_another_list(make_list: Any, door: Door, encrypted: str, sent: Callable[..., None]) -> None:
    """Nothing is known there, nor of what was never sent."""
    make_list("bee")
    door.good("POST", "/lists", {"list_id": "bee.example.com"})
    sent("<1@x>", "a", missed={ANNE: "expired"}, recipients=1, skipped=1)
    assert "entries" not in door.get("/lists/bee.example.com/posts")
    for path in ("/lists/bee.example.com/posts/<1@x>", f"{encrypted}/posts/1@x", f"{encrypted}/posts/<2@x>"):
        assert "Nothing is known of a post" in door.refused(404, "GET", path)
        assert "Nothing is known of a post" in door.refused(404, "GET", f"{path}/missed")
