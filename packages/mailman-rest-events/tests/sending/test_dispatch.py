"""From the outbox to receivers: all that was committed arrives, in the order of its numbers, whatever goes wrong on the way."""

from __future__ import annotations

import json
import time
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from authority import make_authority
from receivers import OK, Receiver, answer, closes, floods, hangs, receiver
from sqlalchemy import select
from written import endpoint

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from sqlalchemy.orm import Session

ENOUGH = 60


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was not taken is tried again soon; how long it is waited for is tested in test_line.py."""
    from mailman_rest_events.sending import schedule  # noqa: PLC0415

    monkeypatch.setattr(schedule, "delay", lambda _attempts: 0.05)


@pytest.fixture
def happens(store: Session) -> Callable[..., list[str]]:
    """Have events written down: ``happens(3)``, or for other endpoints than "web"; returns their IDs."""
    from mailman_plugin_kit.database import now  # noqa: PLC0415 - core must be initialised
    from mailman_rest_events.outbox import writing  # noqa: PLC0415

    def write(number: int = 1, *endpoints: str) -> list[str]:
        made = [writing.new_uid() for _ in range(number)]
        for uid in made:
            writing.put(uid, "Happening", "ant.example.com", {"of": uid}, at=now(), endpoints=endpoints or ("web",))
        store.commit()
        return made

    return write


@pytest.fixture
def dispatch(store: Session) -> Iterator[Callable[..., Any]]:
    """Send to receivers: ``dispatch(web=peer)``; stopped at the end of the test."""
    from mailman_rest_events.sending.dispatch import Dispatch  # noqa: PLC0415 - core must be initialised

    running = []

    def start(**peers: Receiver) -> Any:
        store.commit()
        made = {name: at(name, peer) for name, peer in peers.items()}
        running.append(Dispatch(made))
        return running[-1]

    yield start
    for each in running:
        each.stop()


def at(name: str, peer: Receiver, **more: Any) -> Any:
    """The endpoint of a receiver."""
    from dataclasses import replace  # noqa: PLC0415

    return replace(endpoint(name, **more), url=peer.url, timeout=5.0)


def turn_until(dispatch: Any, done: Callable[[], bool]) -> None:
    """Let it work until something is so."""
    end = time.monotonic() + ENOUGH
    while not done():
        assert time.monotonic() < end, "It did not come about."
        dispatch.turn(0.05)


def got(peer: Receiver) -> list[dict[str, Any]]:
    """The events that came, as they came."""
    return [json.loads(body) for _, body in peer.requests]


def states(store: Session) -> Counter[str]:
    """How many deliveries there are in each state."""
    from mailman_rest_events.model.tables import Delivery  # noqa: PLC0415 - core must be initialised

    store.rollback()
    return Counter(store.scalars(select(Delivery.state)))


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


def test_poisoned_event(happens: Callable[..., list[str]], dispatch: Callable[..., Any], store: Session) -> None:
    """One that is always refused is put aside alone, and the rest flows on.  However often it is sent, it has one number."""
    made = happens(30)
    poison = made[10]

    def says(peer: Any) -> None:
        peer.sendall(answer("500 Oops") if json.loads(found.requests[-1][1])["id"] == poison else OK)

    with receiver(says) as found:
        sending = dispatch(web=found)
        turn_until(sending, lambda: states(store)["delivered"] == 29)
    others = [each["id"] for each in got(found) if each["id"] != poison]
    assert others == made[:10] + made[11:]
    assert states(store)["aside"] == 1
    attempts = [each["sequence"] for each in got(found) if each["id"] == poison]
    assert len(attempts) > 1
    assert set(attempts) == {11}


def test_put_aside_and_refused_again(
    happens: Callable[..., list[str]], dispatch: Callable[..., Any], store: Session
) -> None:
    """Neither keeps what comes later from being sent, nor is it forgotten when something else fails meanwhile."""
    (poison,) = happens()
    says = {"poison": answer("500 Oops"), "others": OK}

    def answers(peer: Any) -> None:
        peer.sendall(says["poison" if json.loads(found.requests[-1][1])["id"] == poison else "others"])

    with receiver(answers) as found:
        sending = dispatch(web=found)
        for count in range(1, 6):
            happens(20)
            turn_until(sending, lambda: states(store)["delivered"] == 20 * count)  # noqa: B023 - within the turn
            before = len(found.requests)
            turn_until(sending, lambda: len(found.requests) > before)  # noqa: B023 - as above
        for _ in range(5):
            says["others"] = answer("503 Later")
            before = len(found.requests)
            happens(5)
            turn_until(sending, lambda: len(found.requests) > before + 1)  # noqa: B023 - as above
            says["others"] = OK
            turn_until(sending, lambda: states(store)["claimed"] + states(store)["waiting"] == 0)
        says["poison"] = OK
        turn_until(sending, lambda: states(store) == {"delivered": 126})


def test_put_aside_and_taken(
    happens: Callable[..., list[str]], dispatch: Callable[..., Any], store: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is sent once, however long it takes to write that down."""
    from sqlalchemy import update  # noqa: PLC0415

    from mailman_plugin_kit.database import now  # noqa: PLC0415 - core must be initialised
    from mailman_rest_events.model.tables import Delivery  # noqa: PLC0415
    from mailman_rest_events.sending import dispatch as sending_module  # noqa: PLC0415

    monkeypatch.setattr(sending_module, "_SECONDS", 1.0)
    happens()
    store.execute(update(Delivery).values(state="aside", sequence=1, due=now()))
    store.commit()
    with receiver() as peer:
        turn_until(dispatch(web=peer), lambda: states(store)["delivered"] == 1)
    assert len(peer.requests) == 1


def test_gone(happens: Callable[..., list[str]], dispatch: Callable[..., Any], store: Session) -> None:
    """An endpoint that wants nothing more gets nothing more; what waits is kept, and the reason is written down."""
    from mailman_rest_events.model.tables import Course  # noqa: PLC0415 - core must be initialised

    happens(10)
    with receiver(answer("410 Gone")) as peer:
        sending = dispatch(web=peer)

        def stopped() -> bool:
            store.rollback()
            row = store.get(Course, "web")
            return row is not None and "410" in row.stopped

        turn_until(sending, stopped)
        for _ in range(10):
            sending.turn(0.05)
    assert len(peer.requests) == 1
    assert states(store)["claimed"] == 10


def test_started_again(happens: Callable[..., list[str]], dispatch: Callable[..., Any], store: Session) -> None:
    """When an operator starts it again, all of it is sent, in its order."""
    from mailman_rest_events.model.tables import Course  # noqa: PLC0415 - core must be initialised

    made = happens(10)
    gone = [True]

    def says(peer: Any) -> None:
        peer.sendall(answer("410 Gone") if gone[0] else OK)

    with receiver(says) as peer:
        sending = dispatch(web=peer)

        def stopped() -> bool:
            store.rollback()
            row = store.get(Course, "web")
            return row is not None and bool(row.stopped)

        turn_until(sending, stopped)
        gone[0] = False
        row = store.get(Course, "web")
        assert row is not None
        row.stopped = ""
        store.commit()
        turn_until(sending, lambda: states(store)["delivered"] == 10)
    assert [each["id"] for each in got(peer)][1:] == made


def test_skipped_while_it_fails(
    happens: Callable[..., list[str]], dispatch: Callable[..., Any], store: Session
) -> None:
    """What an operator skips is not sent any more, though it was claimed."""
    from sqlalchemy import update  # noqa: PLC0415

    from mailman_rest_events.model.tables import Delivery  # noqa: PLC0415 - core must be initialised

    made = happens(3)
    down = [True]

    def says(peer: Any) -> None:
        peer.sendall(answer("503 Later") if down[0] else OK)

    with receiver(says) as peer:
        sending = dispatch(web=peer)
        turn_until(sending, lambda: states(store)["claimed"] == 3 and len(peer.requests) > 0)
        store.execute(update(Delivery).where(Delivery.event == made[0]).values(state="skipped"))
        store.commit()
        before = len(peer.requests)
        down[0] = False
        turn_until(sending, lambda: states(store)["delivered"] == 2)
    # The one that was on its way already may arrive.
    assert [each["id"] for each in got(peer)][before:][-2:] == made[1:]
    assert states(store)["skipped"] == 1


@pytest.mark.parametrize("problem", ["503 Later", "410 Gone"])
def test_all_skipped_while_it_fails(
    problem: str, happens: Callable[..., list[str]], dispatch: Callable[..., Any], store: Session
) -> None:
    """Nor is anything else of what is skipped, however much it is; and when it is started again, it is at once."""
    from sqlalchemy import update  # noqa: PLC0415

    from mailman_rest_events.administration.deeds import start_again  # noqa: PLC0415 - core must be initialised
    from mailman_rest_events.model.tables import Delivery  # noqa: PLC0415

    made = happens(50)
    says = [answer(problem, "Retry-After: 3600\r\n")]
    with receiver(lambda peer: peer.sendall(says[0])) as peer:
        sending = dispatch(web=peer)
        turn_until(sending, lambda: states(store)["claimed"] == 50 and len(peer.requests) == 1)
        for _ in range(10):
            sending.turn(0.05)
        store.execute(update(Delivery).where(Delivery.event != made[49]).values(state="skipped"))
        store.commit()
        says[0] = OK
        start_again("web")
        store.commit()
        turn_until(sending, lambda: states(store)["delivered"] == 1)
    assert [each["id"] for each in got(peer)] == [made[0], made[49]]


def test_skipped_while_it_is_slow(
    happens: Callable[..., list[str]], dispatch: Callable[..., Any], store: Session
) -> None:
    """Of an endpoint that takes all, only what is on its way already arrives."""
    from sqlalchemy import update  # noqa: PLC0415

    from mailman_rest_events.model.tables import Delivery  # noqa: PLC0415 - core must be initialised

    happens(600)

    def slowly(peer: Any) -> None:
        time.sleep(0.01)
        peer.sendall(OK)

    with receiver(slowly) as peer:
        sending = dispatch(web=peer)
        turn_until(sending, lambda: not states(store)["waiting"] and len(peer.requests) > 0)
        store.execute(update(Delivery).where(Delivery.state == "claimed").values(state="skipped"))
        store.commit()
        before, last = len(peer.requests), -1
        while last != len(peer.requests):
            last = len(peer.requests)
            for _ in range(10):
                sending.turn(0.05)
    assert len(peer.requests) - before <= 250
    assert states(store)["claimed"] == 0


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
