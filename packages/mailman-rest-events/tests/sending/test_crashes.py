"""Crashes that lie in files are put into the outbox, once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from dispatching import got, states, turn_until
from receivers import receiver

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sqlalchemy.orm import Session


def test_crashes_are_told(dispatch: Callable[..., Any], store: Session) -> None:
    """What lies in files is put into the outbox, once."""
    from mailman_rest_events.outbox import crashes, writing  # noqa: PLC0415 - core must be initialised

    crashes.keep(writing.new_uid(), "RunnerCrashEvent", None, {"runner": "in"})
    with receiver() as peer:
        sending = dispatch(web=peer)
        turn_until(sending, lambda: states(store)["delivered"] == 1)
    (found,) = got(peer)
    assert (found["name"], found["event"]) == ("RunnerCrashEvent", {"runner": "in"})
    assert list(crashes.kept()) == []


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"uid": "x", "at": 7}', "\x00"])
def test_crashes_that_are_none(
    content: str, happens: Callable[..., list[str]], dispatch: Callable[..., Any], store: Session
) -> None:
    """A file that is no event is put aside, and all else is sent."""
    from mailman_rest_events.outbox import crashes  # noqa: PLC0415 - core must be initialised

    crashes.directory().mkdir(exist_ok=True)
    bad = crashes.directory() / "evt_1.json"
    bad.write_text(content)
    happens()
    with receiver() as peer:
        turn_until(dispatch(web=peer), lambda: states(store)["delivered"] == 1)
    bad.with_suffix(".bad").unlink()


def test_crashes_that_stay(
    happens: Callable[..., list[str]], dispatch: Callable[..., Any], store: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Files that can't be taken away keep nothing else from being sent, and are told once."""
    from pathlib import Path  # noqa: PLC0415

    from mailman_rest_events.outbox import crashes, writing  # noqa: PLC0415 - core must be initialised

    def refuse(_path: Path, *, missing_ok: bool = False) -> None:
        raise PermissionError(missing_ok)

    crashes.keep(writing.new_uid(), "RunnerCrashEvent", None, {"runner": "in"})
    happens()
    with receiver() as peer, monkeypatch.context() as patched:
        patched.setattr(Path, "unlink", refuse)
        sending = dispatch(web=peer)
        turn_until(sending, lambda: states(store)["delivered"] == 2)
        for _ in range(5):
            sending.turn(0.05)
    assert len(peer.requests) == 2
    for each in crashes.kept():
        each.path.unlink()
