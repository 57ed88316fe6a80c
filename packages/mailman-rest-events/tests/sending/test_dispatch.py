"""From the outbox to receivers: all that was committed arrives, in the order of its numbers, whatever goes wrong on the way."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
from authority import make_authority
from dispatching import ENOUGH, at, got, states, turn_until
from receivers import OK, answer, closes, floods, hangs, receiver

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sqlalchemy.orm import Session


def test_all_in_order(happens: Callable[..., list[str]], dispatch: Callable[..., Any], store: Session) -> None:
    """Numbered from one on without a gap, each with its ID, and written down as delivered."""
    made = happens(250)
    with receiver() as peer:
        sending = dispatch(web=peer)
        turn_until(sending, lambda: states(store)["delivered"] == 250)
    found = got(peer)
    assert [each["id"] for each in found] == made
    assert [each["sequence"] for each in found] == list(range(1, 251))
    assert found[0].keys() == {"name", "event", "id", "time", "sequence"}
    assert (found[0]["name"], found[0]["event"]) == ("Happening", {"of": made[0]})
    assert peer.connections == 1


def test_goes_on_where_it_was(happens: Callable[..., list[str]], dispatch: Callable[..., Any], store: Session) -> None:
    """Another process takes up what was claimed and not written down as done; its numbers go on."""
    first, second = happens(5), None
    with receiver() as peer:
        sending = dispatch(web=peer)
        turn_until(sending, lambda: states(store)["delivered"] == 5)
        sending.stop()
        second = happens(5)
        again = dispatch(web=peer)
        turn_until(again, lambda: states(store)["delivered"] == 10)
    assert [each["id"] for each in got(peer)] == first + second
    assert [each["sequence"] for each in got(peer)] == list(range(1, 11))


def test_ends_with_all_written_down(
    happens: Callable[..., list[str]], dispatch: Callable[..., Any], store: Session
) -> None:
    """However many answers have come back when it ends, none of these events is sent once more."""
    happens(100, "web", "other", "third")
    with receiver() as one, receiver() as two, receiver() as three:
        sending = dispatch(web=one, other=two, third=three)
        sending.turn(0.0)
        end = time.monotonic() + ENOUGH
        while sending._returned.qsize() < 300:
            assert time.monotonic() < end
            time.sleep(0.01)
        sending.stop()
    assert states(store) == {"delivered": 300}


def test_database_is_away(
    happens: Callable[..., list[str]],
    dispatch: Callable[..., Any],
    store: Session,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """It is asked again, less and less often, and its log has few lines; all is sent when it is back."""
    from sqlalchemy.exc import OperationalError  # noqa: PLC0415

    from mailman_rest_events.outbox import claims  # noqa: PLC0415 - core must be initialised

    def fail(_endpoints: Any) -> None:
        raise OperationalError("SELECT canary", {}, Exception("disk is full"))

    made = happens(3)
    with receiver() as peer:
        sending = dispatch(web=peer)
        with monkeypatch.context() as broken:
            broken.setattr(claims, "waiting", fail)
            end = time.monotonic() + 1.5
            while time.monotonic() < end:
                sending.turn(0.01)
        lines = caplog.text.count("the database failed, and is asked again: disk is full")
        turn_until(sending, lambda: states(store)["delivered"] == 3)
    assert 1 <= lines <= 4
    assert "canary" not in caplog.text
    assert [each["id"] for each in got(peer)] == made


def test_endpoint_is_down(happens: Callable[..., list[str]], dispatch: Callable[..., Any], store: Session) -> None:
    """Nothing is lost, and the order stays; another endpoint notices nothing of it."""
    made = happens(20, "web", "other")
    down = [True]

    def says(peer: Any) -> None:
        peer.sendall(answer("503 Later") if down[0] else OK)

    with receiver(says) as ill, receiver() as well:
        sending = dispatch(web=ill, other=well)
        turn_until(sending, lambda: len(well.requests) == 20 and len(ill.requests) > 0)
        assert {each["id"] for each in got(ill)} == {made[0]}
        down[0] = False
        turn_until(sending, lambda: states(store)["delivered"] == 40)
    taken = [each["id"] for each in got(ill)]
    assert list(dict.fromkeys(taken)) == made
    assert [each["id"] for each in got(well)] == made


def test_nothing_to_tell(dispatch: Callable[..., Any], store: Session) -> None:
    """An event of which only the name is told has no member `event`."""
    from mailman_plugin_kit.database import now  # noqa: PLC0415 - core must be initialised
    from mailman_rest_events.outbox import writing  # noqa: PLC0415

    writing.put(writing.new_uid(), "Strange", None, None, at=now(), endpoints=("web",))
    store.commit()
    with receiver() as peer:
        turn_until(dispatch(web=peer), lambda: states(store)["delivered"] == 1)
    assert got(peer)[0].keys() == {"name", "id", "time", "sequence"}


@pytest.mark.parametrize(
    ("says", "sentence"),
    [
        (answer("500 Oops"), "It answered 500."),
        (hangs, "No complete answer came within 1 second"),
        (closes, "It closed the connection without a complete answer."),
        (floods, ""),
        (answer("302 Found", "Location: http://127.0.0.1:1/\r\n"), "a redirect, which is not followed"),
        (None, "Its certificate is not in order: self-signed certificate."),
    ],
    ids=["500", "hangs", "closes", "ten-megabytes", "redirect", "certificate"],
)
def test_operators_see_why(
    says: Any,
    sentence: str,
    happens: Callable[..., list[str]],
    store: Session,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whatever a receiver does, `status` says it in the words in which it came about."""
    from dataclasses import replace  # noqa: PLC0415

    from mailman_rest_events import site  # noqa: PLC0415 - core must be initialised
    from mailman_rest_events.administration.overview import overview  # noqa: PLC0415
    from mailman_rest_events.sending.dispatch import Dispatch  # noqa: PLC0415

    happens()
    with receiver(*((OK, make_authority(tmp_path).server) if says is None else (says,))) as peer:
        told = replace(at("web", peer), timeout=1.0)
        store.commit()
        sending = Dispatch({"web": told})
        monkeypatch.setattr(site, "_endpoints", {"web": told})

        def web() -> Any:
            store.rollback()
            return overview().endpoints[0]

        turn_until(sending, lambda: web().problem or states(store)["delivered"])
        sending.stop()
    assert sentence in web().problem
    assert bool(sentence) == bool(web().problem)
